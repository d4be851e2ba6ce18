"""Where events come from: the journal, from any position on, or partitions shared with other processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from protocol.records import Recorded
from subscriber.lineage import NO_LINEAGE, Lineage
from subscriber.partitions import Partition

__all__ = [
    "NOWHERE",
    "Batch",
    "Lagging",
    "Place",
    "Portion",
    "Remembering",
    "SharedSource",
    "Source",
    "Stray",
    "Wanted",
    "Wrapped",
]


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in order.

    `through` is the position read up to, including events of streams that were not asked for; `head` was the
    journal's last position then; `epoch` is empty before the journal's first event. `lineage` says where the
    journal's epochs begin.
    """

    epoch: str
    records: tuple[Recorded, ...]
    through: int
    head: int
    lineage: Lineage = NO_LINEAGE


class Source(Protocol):
    """One journal, for some of its streams; used by one thread."""

    def read(self, after: int, limit: int) -> Batch:
        """Give at most `limit` events after a position at once, none when there are none yet.

        Raises:
            SourceAway: it cannot be read now.
            EpochChanged: the journal was restored, and this position belongs to the time before.
        """

    def recall(self, position: int) -> Recorded | None:
        """Give the event at a position; None: the journal has none of the source's streams there.

        Raises:
            SourceAway: it cannot be asked now.
        """

    def lineage(self) -> Lineage:
        """Tell where the journal's epochs begin.

        Raises:
            SourceAway: it cannot be asked now.
        """

    def news(self) -> bool:
        """Tell whether another read may give more than the last did; asked every few milliseconds."""

    def close(self) -> None:
        """Let go of connections."""


class Wrapped:
    """A source that gives what another one gives, its `whole`; who derives from it changes what is read."""

    def __init__(self, whole: Source) -> None:
        self.whole = whole

    def read(self, after: int, limit: int) -> Batch:
        """Give events; see `Source`."""
        return self.whole.read(after, limit)

    def recall(self, position: int) -> Recorded | None:
        """Give one event; see `Source`."""
        return self.whole.recall(position)

    def lineage(self) -> Lineage:
        """Tell where the epochs begin; see `Source`."""
        return self.whole.lineage()

    def news(self) -> bool:
        """Tell of news; see `Source`."""
        return self.whole.news()

    def close(self) -> None:
        """Let go; see `Source`."""
        self.whole.close()


@dataclass(frozen=True, slots=True)
class Place:
    """How far a partition was read: a position, and a moment that nothing after it was sequenced before.

    `time_us` is in microseconds since 1970 UTC, 0: not known.
    """

    position: int = 0
    time_us: int = 0


NOWHERE: Final = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Bytes on a topic that are no event of ours, and where they lay."""

    topic: str
    number: int
    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asks a shared source for.

    `generation` is the last one it heard of; of that one `places` has the partitions that it owns, with how
    far it has read each. `epochs` are those that the places count in, `limit` is the most events it can take.
    """

    generation: int
    places: Mapping[Partition, Place]
    epochs: frozenset[str]
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What a shared source gives at once.

    `generation` rises whenever `owned` changes; what was owned before it is not to be worked on any longer.
    `reached` says how far each partition was read, events of other streams included. `live`: nothing was left
    unread. `repeated` is the number of events that were left out because their place had been passed, `gone`
    of those that a restore has taken from the journal. `head` and `lineage` are the journal's, where it was
    read.
    """

    generation: int
    owned: frozenset[Partition]
    epoch: str = ""
    records: tuple[Recorded, ...] = ()
    strays: tuple[Stray, ...] = ()
    reached: Mapping[Partition, Place] = field(default_factory=dict)
    live: bool = False
    repeated: int = 0
    gone: int = 0
    head: int | None = None
    lineage: Lineage = NO_LINEAGE


@runtime_checkable
class SharedSource(Protocol):
    """Partitions of some streams, dealt out among the processes of one subscriber; used by one thread."""

    streams: tuple[str, ...]

    def share(self, wanted: Wanted) -> Portion:
        """Give at once what there is after the places, and say which partitions are owned now.

        Raises:
            SourceAway: nothing can be read now.
            WrongLog: topics are not as the catalogue says.
        """

    def recall(self, position: int) -> Recorded | None:
        """Give an event of the journal; see `Source`."""

    def lineage(self) -> Lineage:
        """Tell where the journal's epochs begin; see `Source`."""

    def news(self) -> bool:
        """Tell whether another call may give more than the last did; asked every few milliseconds."""

    def close(self) -> None:
        """Let go of connections, and of the partitions."""


@runtime_checkable
class Lagging(Protocol):
    """A source, or a log, that can tell how much there is which it has not given yet."""

    @property
    def unread(self) -> int:
        """How many records lie beyond what was given, as last heard."""


@runtime_checkable
class Remembering(Protocol):
    """A source that tells the head it last heard of, and not the one that the journal has at the read."""

    def ask_anew(self) -> None:
        """Have the next read tell a head that was asked for after this call."""
