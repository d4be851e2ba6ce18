"""Events that one subscriber has taken up, in a lane for each key: order within a lane, none between."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Final

from protocol.envelope import Event, from_record
from protocol.records import Recorded
from subscriber.declare import Handler

__all__ = ["Job", "Lanes", "Slots", "Tries"]

_FIRST_WAIT_S: Final = 0.05
_LONGEST_WAIT_S: Final = 5.0


@dataclass(slots=True)
class Tries:
    """How often something was tried, and until when it rests, on the monotonic clock."""

    attempts: int = 0
    waits: int = 0
    not_before_s: float = 0.0

    def rest(self, now_s: float, jitter_01: float) -> None:
        """Wait before the next try: longer each time, 50 ms to 5 s, up to half of it by chance."""
        wait_s = min(_FIRST_WAIT_S * 2**self.waits, _LONGEST_WAIT_S)
        self.waits = min(self.waits + 1, 16)
        self.not_before_s = now_s + wait_s * (0.5 + jitter_01 / 2)


@dataclass(slots=True)
class Job:
    """One event on its way through a handler.

    `away`: its work is being done in the pool. `forgotten`: another process has it now; nobody waits for it.
    """

    record: Recorded
    handler: Handler
    tries: Tries = field(default_factory=Tries)
    away: bool = False
    worked: bool = False
    forgotten: bool = False
    value: object = None
    _event: Event | None = None

    @property
    def key(self) -> str:
        """What its order is kept by."""
        return self.record.partition_key

    @property
    def position(self) -> int:
        """Its place in the journal."""
        return self.record.position

    @property
    def moment_us(self) -> int:
        """When it was sequenced."""
        return self.record.sequenced_at_us

    def event(self) -> Event:
        """Read the event; raises as `from_record` does."""
        if self._event is None:
            self._event = from_record(self.record)
        return self._event


class Slots:
    """How many more works may begin, of handlers that say how many at once."""

    def __init__(self, away: Iterable[Job]) -> None:
        self._taken = Counter(id(job.handler) for job in away)

    def has(self, job: Job) -> bool:
        """Tell whether a job may be run now."""
        most = job.handler.at_once
        return most is None or job.worked or self._taken[id(job.handler)] < most

    def take(self, job: Job) -> bool:
        """Count a job among those under way, if it may be run now."""
        free = self.has(job)
        self._taken[id(job.handler)] += free and not job.worked
        return free


class Lanes:
    """Jobs by key."""

    def __init__(self) -> None:
        self._lanes: dict[str, deque[Job]] = {}

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def add(self, job: Job) -> None:
        """Put a job behind the others of its key."""
        self._lanes.setdefault(job.key, deque()).append(job)

    def remove(self, job: Job) -> None:
        """Take a finished job out: the first of its lane."""
        lane = self._lanes[job.key]
        if lane.popleft() is not job:
            raise RuntimeError(f"the event at {job.position} was finished before an older one of its key")
        if not lane:
            del self._lanes[job.key]

    def forget(self, lost: Callable[[Recorded], bool]) -> int:
        """Drop the jobs of events that another process does now, and count them.

        Work under way comes back to nobody.
        """
        before = sum(map(len, self._lanes.values()))
        for key, lane in list(self._lanes.items()):
            for job in lane:
                job.forgotten = lost(job.record)
            kept = deque(job for job in lane if not job.forgotten)
            if kept:
                self._lanes[key] = kept
            else:
                del self._lanes[key]
        return before - sum(map(len, self._lanes.values()))

    @property
    def count(self) -> int:
        """How many jobs there are."""
        return sum(map(len, self._lanes.values()))

    def oldest_us(self) -> int:
        """Tell when the oldest job was sequenced; 0 when there is none."""
        return min((job.moment_us for lane in self._lanes.values() for job in lane), default=0)

    def busy(self, now_s: float) -> set[str]:
        """List the keys that have to wait: for work, or for the next try."""
        return {
            key for key, lane in self._lanes.items() if lane[0].away or lane[0].tries.not_before_s > now_s
        }

    def slots(self) -> Slots:
        """Tell how many more works may begin."""
        return Slots(lane[0] for lane in self._lanes.values() if lane[0].away)

    def without_slot(self) -> set[str]:
        """List the keys whose next work has to wait until another one of its handler has ended."""
        slots = self.slots()
        return {key for key, lane in self._lanes.items() if not slots.has(lane[0])}

    def ready(self, busy: Set[str], limit: int) -> list[Job]:
        """List jobs of keys that are not busy, oldest first, those of a lane in the order they came in.

        Of two streams what was written later may come first: then it stays first in its lane.
        """
        lanes = (lane for key, lane in self._lanes.items() if key not in busy)
        return list(islice(merge(*lanes, key=attrgetter("position")), limit))
