"""What the service knows of cases, as it is searched: a shelf in memory for each client's live or test cases.

The rows hold it sealed (`rows.py`); this is made of them at the start, and kept in step with them. A search
looks at one shelf: what of another client's may be looked at is said by `sharing.py`, and nowhere kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
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


class _Newest:
    """The newest cases that share a value, at most 100: one that a thousand share is found at any."""

    def __init__(self) -> None:
        self._kept: list[tuple[int, str]] = []

    def add(self, known: Known) -> None:
        """Take a case in; one that is there stays there."""
        place = newest_first(known)
        at = bisect_left(self._kept, place)
        if at < _MOST_OF_ONE_VALUE and (at == len(self._kept) or self._kept[at] != place):
            self._kept.insert(at, place)
            del self._kept[_MOST_OF_ONE_VALUE:]

    def discard(self, known: Known) -> None:
        """Take a case out."""
        place = newest_first(known)
        at = bisect_left(self._kept, place)
        if at < len(self._kept) and self._kept[at] == place:
            del self._kept[at]

    def __iter__(self) -> Iterator[str]:
        return (case for _, case in self._kept)

    def __bool__(self) -> bool:
        return bool(self._kept)


class _Shelved:
    """One shelf's cases by what they have in common."""

    def __init__(self) -> None:
        self.applicants: dict[str, _Newest] = defaultdict(_Newest)
        self._marks: dict[tuple[Kind, bytes], _Newest] = defaultdict(_Newest)
        self._births: dict[int, set[tuple[str, int]]] = defaultdict(set)
        self._face_keys: dict[tuple[str, str], int] = {}
        self._faces: dict[int, str] = {}

    @cached_property
    def faces(self) -> FaceIndex:
        """The faces; made at the first."""
        return FaceIndex()

    def add(self, known: Known, signal: Signal) -> None:
        """Make a case findable by a signal."""
        case = known.opening.case
        match signal.kind:
            case Kind.FACE:
                key = self._face_keys.setdefault((case, signal.source), len(self._face_keys))
                self._faces[key] = case
                self.faces.add(key, vector_of(signal.value))
            case Kind.DETAILS:
                details = Details.read(signal.value)
                self._births[details.born].add((case, details.bits))
            case _:
                self._marks[_mark(signal)].add(known)

    def remove(self, known: Known, signal: Signal) -> None:
        """Have it found by this signal no more."""
        case = known.opening.case
        match signal.kind:
            case Kind.FACE:
                # The key stays taken: a number is never given to another face.
                key = self._face_keys[case, signal.source]
                self._faces.pop(key, None)
                self.faces.remove(key)
            case Kind.DETAILS:
                details = Details.read(signal.value)
                self._births[details.born].discard((case, details.bits))
            case _:
                self._marks[_mark(signal)].discard(known)

    def alike(self, signal: Signal) -> Iterable[str]:
        """List the cases that may be alike by a signal."""
        match signal.kind:
            case Kind.FACE:
                near = self.faces.near(vector_of(signal.value), within=NEAR_FACE, most=_MOST_FACES)
                return [self._faces[face.key] for face in near]
            case Kind.DETAILS:
                return self._nearly(Details.read(signal.value))
            case _:
                return self._marks.get(_mark(signal), ())

    def _nearly(self, details: Details) -> Iterator[str]:
        """Compare names already here: thousands are born on one of the days that a slip makes."""
        for born in near_dates(details.born):
            for case, bits in self._births.get(born, ()):
                if details.is_nearly(Details(born, bits)):
                    yield case


def _mark(signal: Signal) -> tuple[Kind, bytes]:
    """Give what a case is found by: of a document the whole number alone."""
    return signal.kind, Number.read(signal.value).mark if signal.kind is Kind.DOCUMENT else signal.value


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
            self._shelves[opening.shelf].applicants[opening.applicant].add(self._cases[opening.case])
        return self._cases[opening.case]

    def close(self, case: str) -> None:
        """Know a case no more: its opening was taken back."""
        known = self._cases.pop(case, None)
        if known is not None:
            for place in list(known.signals):
                self._take_out(known, place)
            self._shelves[known.opening.shelf].applicants[known.opening.applicant].discard(known)

    def put(self, known: Known, signal: Signal) -> None:
        """Add a signal of a case, in place of an older one from the same source."""
        place, shelf = (signal.kind, signal.source), self._shelves[known.opening.shelf]
        self._take_out(known, place)
        known.signals[place] = signal.value
        shelf.add(known, signal)

    def drop(self, known: Known, personal: PersonalClass) -> None:
        """Forget what is of a class."""
        for place in [place for place in known.signals if CLASS_OF[place[0]] is personal]:
            self._take_out(known, place)

    def of_applicant(self, client: str, applicant: str) -> list[Known]:
        """List an applicant's cases, live and test ones."""
        shelves = [self._shelves[shelf] for shelf in (Shelf(client, True), Shelf(client, False))]
        found = [case for shelf in shelves for case in shelf.applicants.get(applicant, ())]
        return [self._cases[case] for case in sorted(found)]

    def alike(self, known: Known, shelf: Shelf) -> list[Known]:
        """List the cases of a shelf that may be alike a case, without itself, the newest first."""
        found = set(self._found(known, shelf)) - {known.opening.case}
        return sorted((self._cases[case] for case in found), key=newest_first)

    def _found(self, known: Known, shelf: Shelf) -> Iterator[str]:
        shelved = self._shelves.get(shelf)
        if shelved is None:
            return
        yield from shelved.applicants.get(known.opening.applicant, ())
        for (kind, source), value in known.signals.items():
            yield from shelved.alike(Signal(kind, source, value))

    def _take_out(self, known: Known, place: tuple[Kind, str]) -> None:
        """Take a signal out; another one of the same value keeps the case findable by it."""
        value = known.signals.pop(place, None)
        if value is None:
            return
        kind, source = place
        shelf = self._shelves[known.opening.shelf]
        shelf.remove(known, Signal(kind, source, value))
        for (k, s), other in known.signals.items():
            if k is kind and kind is not Kind.FACE:
                shelf.add(known, Signal(k, s, other))
