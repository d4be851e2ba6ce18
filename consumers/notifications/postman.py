"""The work of one try: has the address opened, writes the words, and hands the message over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import structlog

from consumers.notifications.addresses import email_address, phone_number
from consumers.notifications.files import EmailFiles, SmsFile
from consumers.notifications.messages import Channel
from consumers.notifications.results import Dropped, Later, Outgoing, Port, Result
from consumers.notifications.settings import Settings
from consumers.notifications.sms import SmsPort
from consumers.notifications.smtp import SmtpPort
from consumers.notifications.wording import words
from protocol.catalogue import PersonalClass
from protocol.sealing import DoesNotOpen, Place, open_value
from subscriber import NotNow
from subscriber.keys import KeyErased, KeyNeverMade, KeyRefused, Keys
from subscriber.serving import Door

__all__ = ["Ended", "Postman", "Sealed", "Task"]

_log = structlog.get_logger("vouch.notifications")
_PURPOSE = "send a message to the applicant"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An applicant's address, as the case's opening sealed it."""

    applicant: str
    ciphertext: bytes
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One message to be handed over. `to` None: to staff. `live` false: a test case, nothing leaves."""

    channel: Channel
    template: str
    language: str
    message_id: str
    values: Mapping[str, str]
    to: Sealed | None = field(repr=False)
    sender: str
    reply_to: str = ""
    live: bool = True
    times: int = 1


@dataclass(frozen=True, slots=True)
class Ended:
    """How a try ended. `times`: how often its effect was begun, 0: never. `result` None: it was no try."""

    result: Result | None
    times: int = 0
    language: str = ""


class Postman:
    """Does tries; many at once, in threads.

    Args:
        settings: the ways out.
        door: tells where the journal door is now.
    """

    def __init__(self, settings: Settings, door: Callable[[], Door]) -> None:
        self._settings, self._door = settings, door
        sender, folder = settings.sender, settings.folder
        self._files: Mapping[Channel, Port] = {
            Channel.EMAIL: EmailFiles(folder / "outbox", sender=sender),
            Channel.SMS: SmsFile(folder / "sms.jsonl"),
        }
        email, sms = self._files[Channel.EMAIL], self._files[Channel.SMS]
        if settings.smtp is not None:
            email = SmtpPort(settings.smtp, sender=sender, bounces=settings.bounces or sender)
        if settings.sms is not None:
            sms = SmsPort(settings.sms)
        self._ports: Mapping[Channel, Port] = {Channel.EMAIL: email, Channel.SMS: sms}

    def work(self, given: object) -> Ended:
        """Do a task; what has ended already is given back."""
        if isinstance(given, Ended):
            return given
        if not isinstance(given, Task):
            raise TypeError(f"a task was expected, not {type(given).__name__}")
        return Ended(self._deliver(given), given.times, given.language)

    def _deliver(self, task: Task) -> Result:
        address = self._settings.staff if task.to is None else self._address(task.to, task.channel)
        if not isinstance(address, str):
            return address
        outgoing = Outgoing(
            address=address,
            message_id=task.message_id,
            words=words(task.template, task.language, task.values),
            sender=task.sender,
            reply_to=task.reply_to,
        )
        return (self._ports if task.live else self._files)[task.channel].send(outgoing)

    def _address(self, to: Sealed, channel: Channel) -> str | Dropped | Later:
        try:
            said = open_value(self._key(to.applicant), to.ciphertext, to.place)
        except NotNow:
            return Later("keys_away")
        except tuple(_FOR_GOOD) as error:
            reason = _FOR_GOOD[type(error)]
            if reason != "erased":
                _log.error("address_not_opened", reason=reason)
            return Dropped(reason)
        read = phone_number if channel is Channel.SMS else email_address
        return read(said) or Dropped("wrong_address")

    def _key(self, applicant: str) -> bytes:
        door = self._door()
        with closing(Keys(door.url, door.key, purpose=_PURPOSE)) as keys:
            return keys.of(applicant, PersonalClass.CONTACT)


_FOR_GOOD: Mapping[type[Exception], str] = {
    KeyErased: "erased",
    KeyNeverMade: "no_key",
    KeyRefused: "key_refused",
    DoesNotOpen: "does_not_open",
}
