"""How handing a message over can end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from consumers.notifications.wording import Words

__all__ = ["Dropped", "Later", "NotTaken", "Outgoing", "Port", "Result", "Taken", "Unanswered"]


class Outgoing(NamedTuple):
    """A message with its address, on its way out; it is never kept, printed or logged.

    `message_id` is without angle brackets. `sender` is the name that people see.
    """

    address: str
    message_id: str
    words: Words
    sender: str
    reply_to: str = ""

    def __repr__(self) -> str:
        return f"Outgoing({self.message_id})"


@dataclass(frozen=True, slots=True)
class Taken:
    """The other side has it; `by`: smtp, http or file."""

    by: str


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The other side has it not; `passing`: another time it may."""

    reason: str
    passing: bool


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It left, and nobody knows whether it was taken."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """It is not to be sent at all."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """It was not tried; `until`: when to look again, None: with the usual wait."""

    reason: str
    until: datetime | None = None


Result = Taken | NotTaken | Unanswered | Dropped | Later


class Port(Protocol):
    """A way out of the house."""

    def send(self, outgoing: Outgoing) -> Taken | NotTaken | Unanswered:
        """Hand a message over, and tell what came of it; it raises nothing that the other side may cause."""
