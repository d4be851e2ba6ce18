"""What a hand-over needs of a log of partitions: Kafka, or one in memory."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Protocol

from protocol.records import Recorded
from subscriber.partitions import Partition
from subscriber.source import NOWHERE, Place, Stray

__all__ = ["Found", "Log", "Pull"]


@dataclass(frozen=True, slots=True)
class Pull:
    """What came at once, each partition in its order.

    `lost`: partitions whose next record is no longer kept. `passed` is a place that every partition owned has
    been read beyond, also those in which nothing was written. `live`: each was read to its end.
    """

    records: tuple[Recorded, ...] = ()
    strays: tuple[Stray, ...] = ()
    lost: frozenset[Partition] = frozenset()
    passed: Place = NOWHERE
    live: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Where to read on.

    `offsets` by partition; in those of `unproven` the log begins there, so that a first record beyond the
    place, or none at all, would mean that one between them is gone.
    """

    offsets: Mapping[Partition, int]
    unproven: Set[Partition] = field(default_factory=frozenset)


class Log(Protocol):
    """Partitions in a group whose members share them; used by one thread.

    Raises (every method that asks the log): SourceAway: it does not answer now.
    """

    streams: tuple[str, ...]
    # What the client last complained of, for people to read.
    trouble: str

    @property
    def generation(self) -> int:
        """How often partitions were dealt out or taken; 0: not yet."""

    @property
    def owned(self) -> frozenset[Partition]:
        """The partitions dealt to this process."""

    def pull(self, limit: int) -> Pull:
        """Give at most `limit` messages at once; with 0 too it is to be called often: it keeps membership."""

    def silent_s(self) -> float:
        """Tell how long the log has not been heard of, in seconds."""

    def find(self, places: Mapping[Partition, Place]) -> Found | None:
        """Look up where to read on after places; None: the log cannot tell, or does not go back so far."""

    def ends(self, partitions: Set[Partition]) -> dict[Partition, int]:
        """Give the offset after the last message of each, open transactions included."""

    def start(self, offsets: Mapping[Partition, int]) -> None:
        """Read these partitions from these offsets on, and no others."""

    def news(self) -> bool:
        """Tell whether another pull may give more."""

    def close(self) -> None:
        """Leave the group."""
