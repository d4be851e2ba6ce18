"""What the service knows of cases, as it is searched: a shelf in memory for each client's live or test cases.

The rows hold it sealed (`rows.py`); this is made of them at the start, and kept in step with them. A search
looks at one shelf: what of another client's may be looked at is said by `sharing.py`, and nowhere kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from typing import Final, NamedTuple

from consumers.fraud.faces import FaceIndex, vector_of
from consumers.fraud.fingerprints import Details, Number, near_dates
from consumers.fraud.signals import CLASS_OF, Kind, Signal
from protocol.catalogue import PersonalClass

__all__ = ["NEAR_FACE", "Book", "Known", "Opening", "Shelf", "newest_first"]

# How far apart two templates may be to be looked at at all: the end of the face match's middle band.
NEAR_FACE: Final = 0.60
# Of the nearest faces so many are looked at.
_MOST_FACES: Final = 64
_MOST_OF_ONE_VALUE: Final = 100


class Shelf(NamedTuple):
    """Whose cases: one client's, live or test ones."""

    client: str
    live: bool


class Opening(NamedTuple):
    """How a case began; `at_us`: microseconds since 1970 UTC."""

    case: str
    shelf: Shelf
    applicant: str
    at_us: int


@dataclass(slots=True, eq=False)
class Known:
    """A case, and what can be compared of it."""

    opening: Opening
    signals: dict[tuple[Kind, str], bytes] = field(default_factory=dict)

    def values(self, kind: Kind) -> list[bytes]:
        """Give the different values of a kind."""
        return list(dict.fromkeys(value for (k, _), value in self.signals.items() if k is kind))

    @property
    def kinds(self) -> frozenset[Kind]:
        """What there is of it."""
        return frozenset(kind for kind, _ in self.signals)


class _Shelved:
    """One shelf's cases by what they have in common."""

    def __init__(self) -> None:
        self.marks: dict[tuple[object, object], set[str]] = defaultdict(set)
        self._face_keys: dict[tuple[str, str], int] = {}
        self._faces: dict[int, str] = {}

    @cached_property
    def faces(self) -> FaceIndex:
        """The faces; made at the first."""
        return FaceIndex()

    def add(self, case: str, signal: Signal) -> None:
        """Make a case findable by a signal."""
        if signal.kind is Kind.FACE:
            key = self._face_keys.setdefault((case, signal.source), len(self._face_keys))
            self._faces[key] = case
            self.faces.add(key, vector_of(signal.value))
        else:
            self.marks[_mark(signal.kind, signal.value)].add(case)

    def remove(self, case: str, signal: Signal) -> None:
        """Have it found by this signal no more."""
        if signal.kind is Kind.FACE:
            # The key stays taken: a number is never given to another face.
            key = self._face_keys[case, signal.source]
            self._faces.pop(key, None)
            self.faces.remove(key)
            return
        mark = _mark(signal.kind, signal.value)
        self.marks[mark].discard(case)
        if not self.marks[mark]:
            del self.marks[mark]

    def alike(self, kind: Kind, value: bytes) -> Iterator[str]:
        """List the cases that may be alike by a value."""
        if kind is Kind.FACE:
            near = self.faces.near(vector_of(value), within=NEAR_FACE, most=_MOST_FACES)
            yield from (self._faces[face.key] for face in near)
        elif kind is Kind.DETAILS:
            for born in near_dates(Details.read(value).born):
                yield from self.marks.get((kind, born), ())
        else:
            yield from self.marks.get(_mark(kind, value), ())


def _mark(kind: Kind, value: bytes) -> tuple[Kind, object]:
    """Give what a case is found by: of details only the birth date, as names are compared afterwards."""
    match kind:
        case Kind.DETAILS:
            return kind, Details.read(value).born
        case Kind.DOCUMENT:
            return kind, Number.read(value).mark
        case _:
            return kind, value


def newest_first(known: Known) -> tuple[int, str]:
    """Order cases by when they were opened, the newest first."""
    return -known.opening.at_us, known.opening.case


class Book:
    """All that is known, and how it is searched."""

    def __init__(self) -> None:
        self._cases: dict[str, Known] = {}
        self._shelves: dict[Shelf, _Shelved] = defaultdict(_Shelved)

    def __len__(self) -> int:
        return len(self._cases)

    def case(self, case: str) -> Known | None:
        """Give a case; None: nothing of it is known."""
        return self._cases.get(case)

    def open(self, opening: Opening) -> Known:
        """Know a case, from its opening; again: nothing more."""
        if opening.case not in self._cases:
            self._cases[opening.case] = Known(opening)
            self._shelves[opening.shelf].marks["applicant", opening.applicant].add(opening.case)
        return self._cases[opening.case]

    def put(self, known: Known, signal: Signal) -> None:
        """Add a signal of a case, in place of an older one from the same source."""
        place, shelf = (signal.kind, signal.source), self._shelves[known.opening.shelf]
        self._take_out(known, place)
        known.signals[place] = signal.value
        shelf.add(known.opening.case, signal)

    def drop(self, known: Known, personal: PersonalClass) -> None:
        """Forget what is of a class."""
        for place in [place for place in known.signals if CLASS_OF[place[0]] is personal]:
            self._take_out(known, place)

    def of_applicant(self, client: str, applicant: str) -> list[Known]:
        """List an applicant's cases, live and test ones."""
        shelves = [self._shelves[shelf] for shelf in (Shelf(client, True), Shelf(client, False))]
        found = [case for shelf in shelves for case in shelf.marks.get(("applicant", applicant), ())]
        return [self._cases[case] for case in sorted(found)]

    def alike(self, known: Known, shelf: Shelf) -> list[Known]:
        """List the cases of a shelf that may be alike a case, without itself, the newest first.

        Of those that share one value the newest 100: a device that a thousand used is found at any.
        """
        found = {case for cases in self._found(known, shelf) for case in self._newest(cases)}
        found.discard(known.opening.case)
        return sorted((self._cases[case] for case in found), key=newest_first)

    def _found(self, known: Known, shelf: Shelf) -> Iterator[Iterable[str]]:
        shelved = self._shelves.get(shelf)
        if shelved is None:
            return
        yield shelved.marks.get(("applicant", known.opening.applicant), ())
        for kind in known.kinds:
            for value in known.values(kind):
                yield shelved.alike(kind, value)

    def _newest(self, cases: Iterable[str]) -> list[str]:
        some = [self._cases[case] for case in cases]
        if len(some) > _MOST_OF_ONE_VALUE:
            some = nsmallest(_MOST_OF_ONE_VALUE, some, key=newest_first)
        return [known.opening.case for known in some]

    def _take_out(self, known: Known, place: tuple[Kind, str]) -> None:
        """Take a signal out; another one of the same value keeps the case findable by it."""
        value = known.signals.pop(place, None)
        if value is None:
            return
        kind, source = place
        shelf = self._shelves[known.opening.shelf]
        shelf.remove(known.opening.case, Signal(kind, source, value))
        for (k, s), other in known.signals.items():
            if k is kind and kind is not Kind.FACE:
                shelf.add(known.opening.case, Signal(k, s, other))
