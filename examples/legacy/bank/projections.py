"""What an event changes in the application's rows, whoever said it: a letter that was sent is sent."""

from __future__ import annotations

from events.projections import projects
from examples.legacy.bank.models import Account
from examples.legacy.language.accounts_v1_pb2 import WelcomeLetterSent
from protocol.envelope import Event

__all__ = ["letter_sent"]


@projects(WelcomeLetterSent)
def letter_sent(event: Event) -> None:
    """Note it on the account; called in the transaction that writes the event."""
    Account.objects.filter(pk=event.envelope.subject).update(letter="sent")
