"""What is left when all have come to rest, counted: the journal, Kafka, the service's rows, the file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from benchmarks.claims import Claim
from benchmarks.soak.messages import STREAM, WRITERS, event_id, written_by

__all__ = ["Asked", "Fact", "Left", "Placed", "Seen", "at_least", "claims", "differing", "missing"]


class Fact(NamedTuple):
    """An event, as the journal and as Kafka have it."""

    position: int
    id: str
    type: str
    stream: str
    key: str
    keyseq: int
    unit: int
    unit_last: int
    epoch: str
    causation: str
    sequenced_at_us: int
    payload: bytes


class Placed(NamedTuple):
    """An event where it lies on Kafka; a partition's come in order."""

    topic: str
    partition: int
    fact: Fact


class Seen(NamedTuple):
    """A row that the service wrote for a message."""

    event: str
    key: str
    position: int


class Asked(NamedTuple):
    """What the service noted of an effect: how often it was asked for, and whether it is held in doubt."""

    key: str
    times: int
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Everything that a run has left; `messages` is how many there were to be said."""

    messages: int
    journal: Sequence[Fact]
    kafka: Sequence[Placed]
    seen: Sequence[Seen]
    asked: Sequence[Asked]
    lines: Sequence[str]

    @property
    def wanted(self) -> list[str]:
        """Name the messages that were to be said."""
        return [str(event_id(w, n)) for w in WRITERS for n in range(written_by(w, self.messages))]


def claims(left: Left) -> list[Claim]:
    """Say what was promised of a run, and what came of it."""
    seen = Counter(row.event for row in left.seen)
    home = Counter(fact.causation for fact in left.journal if fact.stream != STREAM)
    wire = Counter(placed.fact.position for placed in left.kafka)
    n = left.messages
    return [
        _none("messages lost", len(missing(left)), n),
        _none("effects doubled", _beyond_one(seen), n),
        _none("emissions lost", len(set(left.wanted) - home.keys()), n),
        _none("emissions doubled", _beyond_one(home), n),
        _none("events on which journal and Kafka differ", len(differing(left)), len(left.journal)),
        _none("places where the order of a key is broken", _disorder(left), len(left.journal)),
        at_least(1, "events doubled on the wire, and dropped by their position", _beyond_one(wire), n),
        *_outside(left),
    ]


def at_least(
    least: int, what: str, count: int, n: int, against: Mapping[str, float] = MappingProxyType({})
) -> Claim:
    """Claim that something happened so often: without it the test would have had no teeth."""
    return _claim(what, count, target=least, met=count >= least, n=n, against=against)


def missing(left: Left) -> list[str]:
    """Name the messages that the journal or the service does not have."""
    said = {fact.id for fact in left.journal}
    seen = {row.event for row in left.seen}
    return [name for name in left.wanted if name not in said or name not in seen]


def _outside(left: Left) -> list[Claim]:
    """Compare what was done outside with what is written down of it: an effect may come as often as asked."""
    acts, asked = Counter(left.lines), {one.key: one.times for one in left.asked}
    silent = sum(max(0, count - asked.get(key, 0)) for key, count in acts.items())
    untold = sum(not acts[one.key] and not one.held for one in left.asked)
    doubt = {
        "held": sum(one.held for one in left.asked),
        "asked again": sum(one.times - 1 for one in left.asked),
        "done twice of those": _beyond_one(acts),
    }
    n = left.messages
    return [
        _none("outside effects doubled in silence", silent, n),
        _none("outside effects neither done nor listed as unknown", untold + abs(len(asked) - n), n),
        at_least(1, "outside effects left in doubt", doubt["held"] + doubt["asked again"], n, doubt),
    ]


def _beyond_one(counted: Counter[str] | Counter[int]) -> int:
    return counted.total() - len(counted)


def differing(left: Left) -> list[Fact]:
    """List the events that only one side has, after dropping what a partition repeats; in order."""
    last: defaultdict[tuple[str, int], int] = defaultdict(int)
    kept: Counter[Fact] = Counter()
    for topic, partition, fact in left.kafka:
        if fact.position > last[topic, partition]:
            last[topic, partition] = fact.position
            kept[fact] += 1
    journal = Counter(left.journal)
    return sorted(((kept - journal) + (journal - kept)).elements())


def _disorder(left: Left) -> int:
    """Count what is out of place in the journal, in what the service saw, and in what each writer said."""
    dense = sum(fact.position != n for n, fact in enumerate(left.journal, start=1))
    numbers = _breaks((fact.key, fact.keyseq) for fact in left.journal)
    seen = _breaks((row.key, row.position) for row in left.seen)
    order = {name: n for n, name in enumerate(left.wanted)}
    said = [fact for fact in left.journal if fact.id in order]
    spoken = _breaks((f"{fact.key} {_writer(order[fact.id], left)}", order[fact.id] + 1) for fact in said)
    return dense + numbers + seen + spoken


def _breaks(numbers: Iterable[tuple[str, int]]) -> int:
    last: defaultdict[str, int] = defaultdict(int)
    broken = 0
    for key, number in numbers:
        broken += number <= last[key]
        last[key] = number
    return broken


def _writer(index: int, left: Left) -> str:
    for writer in WRITERS:
        index -= written_by(writer, left.messages)
        if index < 0:
            return writer
    raise ValueError("no writer has a message of that number")


def _none(what: str, count: int, n: int) -> Claim:
    return _claim(what, count, target=0, met=count == 0, n=n, against={})


def _claim(  # noqa: PLR0913 - a claim has so many parts
    what: str, count: int, *, target: int, met: bool, n: int, against: Mapping[str, float]
) -> Claim:
    return Claim(
        claim=what,
        value=count,
        unit="",
        target=target,
        met=met,
        n=n,
        low=count,
        high=count,
        against=dict(against),
    )
