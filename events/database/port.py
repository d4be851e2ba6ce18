"""What the memory asks of a database, whichever it is, on the calling thread's connection."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from events.database.rows import Backlog, Place, Quarantined, Tip
from protocol.envelope import Envelope
from protocol.records import Row

__all__ = ["JournalDatabase"]


class JournalDatabase(Protocol):
    """The journal's tables on one kind of database."""

    @property
    def create(self) -> Sequence[str]:
        """The statements that make the tables and their protection."""

    @property
    def drop(self) -> Sequence[str]:
        """The statements that take them away again: for tests and for a migration backwards."""

    def tip(self) -> Tip:
        """Read the end of the journal."""

    def read(
        self, after: int, *, through: int, streams: Sequence[str] | None, subject: str | None, limit: int
    ) -> list[Row]:
        """Read records in order, after one position up to another; None: every stream, every subject."""

    def hold(self, keys: Collection[str]) -> None:
        """Keep other writers of these order keys waiting until the transaction ends."""

    def stored(self, ids: Sequence[UUID]) -> list[Row]:
        """Find those of some events that were said before; the caller holds their keys."""

    def take_numbers(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Take so many numbers of each order key; gives the first of each.

        They are the caller's only once `insert` has written their events.
        """

    def place(self, count: int, *, now_us: int) -> Place:
        """Find the place of so many events, inside the transaction that writes them."""

    def insert(
        self, events: Sequence[tuple[Envelope, bytes]], *, sealed_by: Sequence[tuple[str, str]]
    ) -> bool:
        """Write events, each with its payload, in one statement.

        Args:
            events: with numbers that `take_numbers` gave for just these.
            sealed_by: the (applicant, personal class) that sealed events rest on from now on.

        Returns:
            False when a number was somebody else's: nothing was written; take new ones.
        """

    def known_classes(self, applicant: str) -> set[str]:
        """List the personal classes of an applicant that sealed events rest on."""

    def news(self) -> object:
        """Give a value that changes when the journal may have grown; it costs microseconds."""

    def backlog(self) -> Backlog:
        """Tell what is committed and has no position yet; on SQLite nothing ever is."""

    def quarantined(self) -> list[Quarantined]:
        """List the keys whose events the journal refuses; on SQLite the writer is refused, and none is."""

    def release(self, key: str) -> tuple[frozenset[str], int]:
        """Give a key's events back; see `quarantine.release`."""

    def settle(self) -> None:
        """Keep writers out until the transaction ends, everything they have said in its place."""

    def unprotected(self) -> list[str]:
        """Name the triggers that should refuse a change of the journal, and are missing or turned off."""
