"""Which event leads to which message to whom: the one table.

A new message is a line here and its words in each file of `templates/`; a new event besides, its stream in
`STREAMS` and in this service's row of the catalogue. So will `operations.warning` be told to staff.
No message tells what was decided, why, or any value of a person: a letter may be read by others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from google.protobuf.message import Message

from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import notifications_v1_pb2 as notifications
from protocol.schemas import verification_v1_pb2 as verification

__all__ = ["STREAMS", "TABLE", "TRIGGERS", "Channel", "Line", "Notice", "Recipient", "lines_for"]

STREAMS: Final = ("verification.case", "decisions.decision", "notifications.delivery")


class Channel(StrEnum):
    """By which way a message goes."""

    EMAIL = "email"
    SMS = "sms"


class Recipient(StrEnum):
    """Who is told."""

    APPLICANT = "applicant"
    STAFF = "staff"


class Notice(NamedTuple):
    """One message about one subject: there is at most one, however often its event comes."""

    subject: str
    template: str
    channel: Channel
    recipient: Recipient

    @classmethod
    def of(cls, subject: str, said: notifications.Notice) -> Notice:
        """Read which message an event is about."""
        return cls(subject, said.template, Channel(said.channel), Recipient(said.recipient))

    @property
    def said(self) -> notifications.Notice:
        """Write it for an event."""
        return notifications.Notice(template=self.template, channel=self.channel, recipient=self.recipient)

    @property
    def key(self) -> str:
        """Give its durable key, 32 hex digits: the same for ever, on every machine."""
        return hashlib.sha256("\0".join(self).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Line:
    """Say `template` to a recipient when `event` comes and what it says `holds`."""

    event: type[Message]
    template: str
    recipient: Recipient
    holds: Callable[[Message], bool] = lambda _said: True


def _is_over(said: Message) -> bool:
    match said:
        case (
            decisions.DecisionReached(state="final")
            | decisions.DecisionCorrected()
            | verification.ReviewConcluded()
        ):
            return said.outcome in {"approve", "decline"}
        case _:
            return False


def _is_first(said: Message) -> bool:
    return _is_over(said) and isinstance(said, verification.ReviewConcluded) and not said.corrects


def _is_changed(said: Message) -> bool:
    return _is_over(said) and isinstance(said, verification.ReviewConcluded) and bool(said.corrects)


def _waits_for_a_person(said: Message) -> bool:
    match said:
        case decisions.DecisionReached(outcome="refer") | decisions.DecisionCorrected(outcome="refer"):
            return not said.missing
        case _:
            return False


TABLE: Final = (
    Line(verification.CaseSubmitted, "received", Recipient.APPLICANT),
    Line(verification.CaseExpired, "expired", Recipient.APPLICANT),
    Line(decisions.DecisionReached, "complete", Recipient.APPLICANT, _is_over),
    Line(decisions.DecisionCorrected, "changed", Recipient.APPLICANT, _is_over),
    Line(verification.ReviewConcluded, "complete", Recipient.APPLICANT, _is_first),
    Line(verification.ReviewConcluded, "changed", Recipient.APPLICANT, _is_changed),
    Line(decisions.DecisionReached, "review_waiting", Recipient.STAFF, _waits_for_a_person),
    Line(decisions.DecisionCorrected, "review_waiting", Recipient.STAFF, _waits_for_a_person),
    Line(verification.ReviewRequested, "review_requested", Recipient.STAFF),
)
TRIGGERS: Final = tuple(dict.fromkeys(line.event for line in TABLE))


def lines_for(said: Message) -> Iterator[Line]:
    """List what an event's message leads to."""
    return (line for line in TABLE if isinstance(said, line.event) and line.holds(said))
