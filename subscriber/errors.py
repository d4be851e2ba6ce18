"""What can go wrong while following events, named by what the reader of the message has to do.

::

    SubscriberError
    ├── NotNow           come again: the same thing may work later; nothing is counted or parked
    │   ├── SourceAway   the journal cannot be read at the moment
    │   └── StoreAway    the subscriber's own database is busy or away
    ├── EpochChanged     rebuild: the journal was restored, positions no longer mean the same events
    ├── Superseded       stop: another process now runs this subscriber
    ├── BreakerOpen      stop and mend: so many events fail that it cannot be the events
    └── Refused          mend: the journal door does not take what was said
"""

from __future__ import annotations

__all__ = [
    "BreakerOpen",
    "EpochChanged",
    "NotNow",
    "Refused",
    "SourceAway",
    "StoreAway",
    "SubscriberError",
    "Superseded",
]


class SubscriberError(Exception):
    """Anything the runtime says went wrong."""


class NotNow(SubscriberError):
    """Something needed is away: the event waits with its key and is tried again, for ever."""


class SourceAway(NotNow):
    """The journal cannot be read at the moment."""


class StoreAway(NotNow):
    """The subscriber's database is locked, full or away."""


class EpochChanged(SubscriberError):
    """The journal was restored: the checkpoint counts positions of another history."""

    def __init__(self, *, had: str, has: str, position: int) -> None:
        super().__init__(
            f"the checkpoint is at {had}-{position}, the journal is in epoch {has}: rebuild from the journal"
        )
        self.had, self.has, self.position = had, has, position


class Superseded(SubscriberError):
    """Another process has taken this subscriber over: end this one."""


class BreakerOpen(SubscriberError):
    """So many events fail that the cause is the handler or its surroundings: mend it, then start again."""


class Refused(SubscriberError):
    """The journal door refuses a record for good: it will not be taken however often it is sent."""
