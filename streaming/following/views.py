"""How a reader sees the records of its part: numbered as the client's feed, or as the phone's own."""

from __future__ import annotations

from typing import NamedTuple

from protocol.problems import Refused
from streaming.following.phone import shown_to_phone
from streaming.reading.feeds import Head, Overtaken, Part, Row, previous, read

__all__ = ["ClientView", "PhoneView", "Shown", "View", "client_view", "phone_head"]


class Shown(NamedTuple):
    """A record as one reader sees it; `prev` None: left out."""

    number: int
    prev: int | None
    body: bytes
    personal: bytes


class ClientView:
    """The client feed's own numbers; `prev` names the record before on this part, unless kinds are chosen.

    `personal` tells whether the reader may see personal values; `position` is the last number passed.
    """

    def __init__(self, *, kinds: frozenset[str] | None, personal: bool, position: int, prev: int) -> None:
        self._kinds = kinds
        self._personal = personal
        self._prev = prev
        self.position = position

    def show(self, row: Row) -> Shown | None:
        """Give the record as seen; None: it is passed over."""
        if self._kinds is not None and row.kind not in self._kinds:
            return None
        prev = self._prev if self._kinds is None else None
        return Shown(row.number, prev, row.body, row.personal if self._personal else b"")

    def passed(self, row: Row) -> None:
        """Note that a record was sent or passed over."""
        self.position = self._prev = row.number

    def reached(self, upto: int) -> None:
        """Note that nothing of this part lies up to a number of the feed."""
        self.position = max(self.position, upto)


class PhoneView:
    """The case's own numbers 1 to N over what the phone may see; records up to `skip` are passed over."""

    def __init__(self, *, kinds: frozenset[str] | None, skip: int) -> None:
        self._kinds = kinds
        self._skip = skip
        self._count = 0
        self._visible = False

    @property
    def position(self) -> int:
        """The last number passed."""
        return max(self._count, self._skip)

    def show(self, row: Row) -> Shown | None:
        """Give the record as seen; None: it is passed over."""
        seen = shown_to_phone(row.body, row.personal)
        self._visible = seen is not None
        number = self._count + 1
        if seen is None or number <= self._skip or not self._wanted(seen.kind):
            return None
        return Shown(number, number - 1 if self._kinds is None else None, seen.body, seen.personal)

    def passed(self, _row: Row) -> None:
        """Note that the record last shown was sent or passed over."""
        self._count += self._visible

    def reached(self, _upto: int) -> None:
        """Note how far the feed was read; the phone's own numbers do not show it."""

    def _wanted(self, kind: str) -> bool:
        return self._kinds is None or kind in self._kinds


View = ClientView | PhoneView


def client_view(part: Part, after: int, *, kinds: frozenset[str] | None, personal: bool) -> ClientView:
    """Make a client's view of the records above a number; asks the database for the record before it."""
    prev = previous(part, after + 1)
    return ClientView(kinds=kinds, personal=personal, position=after, prev=prev)


def phone_head(part: Part, head: Head) -> Head:
    """Tell where a phone's own numbering stands: count what it may see of its case.

    Raises:
        Refused: `too_old`: it began with records that are no longer kept, so it cannot be counted.
    """
    count = at = 0
    while at < head.head:
        try:
            batch = read(part, at, head.head)
        except Overtaken as gone:
            none = Head(head.epoch, 1, 0).available
            raise Refused("too_old", "the case began too long ago", available=none) from gone
        count += sum(shown_to_phone(row.body, row.personal) is not None for row in batch.rows)
        at = batch.upto
    return Head(head.epoch, 1, count)
