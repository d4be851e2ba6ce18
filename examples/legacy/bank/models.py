"""The one table that matters, and the `save` in which everything happens."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import ClassVar

from django.db import models, transaction
from django.utils.module_loading import import_string
from google.protobuf.message import Message

from events.journal import Draft, record
from examples.legacy.bank import settings
from examples.legacy.bank.stage import Stage, hold
from examples.legacy.language.accounts_v1_pb2 import AccountOpened, WelcomeLetterSent
from examples.legacy.language.streams import BANK

__all__ = ["Account", "Stage"]

_log = logging.getLogger(__name__)


class Account(models.Model):
    """An account, under the reference that whoever opened it gave."""

    reference = models.CharField(max_length=64, primary_key=True)
    customer = models.CharField(max_length=32)
    product = models.CharField(max_length=16)
    deposit_pence = models.BigIntegerField()
    daily_limit_pence = models.BigIntegerField()
    status = models.CharField(max_length=16, default="open")
    letter = models.CharField(max_length=16, default="pending")
    opened_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Account]] = models.Manager()

    class Meta:
        """Its application is named, for tools that know another Django project only."""

        app_label = "bank"

    def save(self, *args: object, **options: object) -> None:
        """Write the row; a new account gets its limit, and its customer a letter."""
        if not self._state.adding:
            self._write(*args, **options)
            return
        if self.product == "student":
            self.daily_limit_pence = 10_000
        elif self.deposit_pence >= 500_000:
            self.daily_limit_pence = 100_000
        else:
            self.daily_limit_pence = 30_000
        with transaction.atomic():
            stage = hold()
            self._write(*args, **options)
            if stage.says_events:
                self._say(self._opened(stage.letters_by))
        if stage.letters_by == BANK:
            # Only when it is open for good: a caller's own transaction may yet be taken back.
            transaction.on_commit(partial(self._welcome, says=stage.says_events))

    def _write(self, *args: object, **options: object) -> None:
        super().save(*args, **options)  # type: ignore[arg-type]  # handed on as they came

    def _welcome(self, *, says: bool) -> None:
        try:
            template, text = import_string(settings.WELCOME_LETTERS)(self)
        except OSError as error:
            _log.warning("no welcome letter: %s", type(error).__name__)
            return
        if says:
            digest = sha256(text.encode()).hexdigest()
            self._say(WelcomeLetterSent(by=BANK, template=template, digest=digest))
        else:
            Account.objects.filter(pk=self.pk).update(letter="sent")

    def _opened(self, letter_by: str) -> Message:
        return AccountOpened(
            customer=self.customer,
            product=self.product,
            deposit_pence=self.deposit_pence,
            daily_limit_pence=self.daily_limit_pence,
            letter_by=letter_by,
        )

    def _say(self, message: Message) -> None:
        draft = Draft(message=message, subject=self.reference, client=BANK, source=BANK)
        record([draft], now=datetime.now(UTC))
