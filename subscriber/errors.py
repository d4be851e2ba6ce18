"""What can go wrong while following events, named by what the reader of the message has to do.

::

    SubscriberError
    ├── NotNow           come again: the same thing may work later; nothing is buried or parked
    │   ├── SourceAway   the journal cannot be read at the moment
    │   ├── StoreAway    the subscriber's own database is busy or away
    │   └── CoordinatorAway  coordinated events cannot be said at the moment
    ├── EpochChanged     rebuild: the journal was restored, positions no longer mean the same events
    │   └── Undeclared   declare the restore first (`manage.py journal restored`), then rebuild
    ├── Superseded       stop: another process now runs this subscriber
    │   └── TurnOver     let go of one partition: another member of the group owns it now
    ├── BreakerOpen      stop and mend: so many events fail that it cannot be the events
    ├── WrongLog         mend: topics are not as the catalogue says
    └── Refused          mend: the journal door does not take what was said
"""

from __future__ import annotations

__all__ = [
    "BreakerOpen",
    "CoordinatorAway",
    "EpochChanged",
    "NotNow",
    "Refused",
    "SourceAway",
    "StoreAway",
    "SubscriberError",
    "Superseded",
    "TurnOver",
    "Undeclared",
    "WrongLog",
]


class SubscriberError(Exception):
    """Anything the runtime says went wrong."""


class NotNow(SubscriberError):
    """Something needed is away: the event waits with its key and is tried again, for ever."""


class SourceAway(NotNow):
    """The journal cannot be read at the moment."""


class StoreAway(NotNow):
    """The subscriber's database is locked, full or away."""


class CoordinatorAway(NotNow):
    """Kafka's coordinator shows no sign of life: coordinated events wait, all others flow."""


class EpochChanged(SubscriberError):
    """The journal was restored: the checkpoint counts positions of another history.

    `common` is the last position whose event both histories have; 0: none is known to be.
    """

    def __init__(self, *, had: str, has: str, position: int, common: int = 0) -> None:
        super().__init__(
            f"the checkpoint is at {had}-{position}, the journal is in epoch {has}; "
            f"common is what lies up to {common}: rebuild from the journal (`replay`)"
        )
        self.had, self.has, self.position, self.common = had, has, position, common


class Undeclared(EpochChanged):
    """The journal does not have the events the checkpoint saw, and nobody has said that it was restored."""

    def __init__(self, *, had: str, has: str, position: int) -> None:
        super().__init__(had=had, has=has, position=position)
        said = (
            f"the journal does not have the event that the checkpoint {had}-{position} saw: it was put back "
            "from a back-up, and nobody has said so: run `manage.py journal restored`, then rebuild"
        )
        self.args = (said,)


class Superseded(SubscriberError):
    """Another process has taken this subscriber over: end this one."""


class TurnOver(Superseded):
    """Another member of the group owns a partition now: forget what was under way in it, keep the others."""

    def __init__(self, partition: tuple[str, int]) -> None:
        super().__init__(f"another process owns partition {partition[1]} of {partition[0]} now")
        self.partition = partition


class WrongLog(SubscriberError):
    """A topic is not as the catalogue says, in its partitions or in who lies where: mend the topic."""


class BreakerOpen(SubscriberError):
    """So many events fail that the cause is the handler or its surroundings: mend it, then start again."""


class Refused(SubscriberError):
    """The journal door refuses a record for good: it will not be taken however often it is sent."""
