"""Keeps the book in step with the rows: made of them at the start, and again when it cannot be trusted.

Each change to the rows has a number. What was made of one that was rolled back is thrown away with the whole
book; what another process of this service has changed is read from the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import structlog

from consumers.fraud import rows
from consumers.fraud.book import Book
from consumers.fraud.rows import Change, Kept
from consumers.fraud.sharing import Execute
from consumers.fraud.signals import CLASS_OF, unsealed
from protocol.catalogue import PersonalClass
from subscriber.keys import MOST_APPLICANTS

__all__ = ["Memory", "OwnKeys"]

_log = structlog.get_logger("vouch.fraud")
OwnKeys: TypeAlias = Callable[[Sequence[str], PersonalClass], dict[str, bytes]]
_CLASSES: Final = tuple(dict.fromkeys(CLASS_OF.values()))
_SAY_EVERY: Final = 50_000


class Memory:
    """The book, and up to which change it is right.

    Args:
        own_keys: gives the keys by which rows are sealed; an applicant without one was erased.
    """

    def __init__(self, own_keys: OwnKeys) -> None:
        self._own_keys = own_keys
        self._last: Change | None = None
        self.book = Book()

    def catch_up(self, execute: Execute) -> None:
        """Make the book right for a transaction, and let no other process change anything before its end.

        Raises:
            SourceAway: keys are needed, and cannot be asked for now.
        """
        rows.take_turn(execute)
        if self._last is None or not rows.still_there(execute, self._last):
            self._begin(execute)
            return
        for change in rows.changed_after(execute, self._last.n):
            self._read_case(execute, change.case)
            self._last = change

    def in_step(self, change: Change) -> None:
        """Note a change that the book has already."""
        self._last = change

    def _begin(self, execute: Execute) -> None:
        """Make the book of all rows."""
        self.book, self._last = Book(), None
        for opening in rows.openings(execute):
            self.book.open(opening)
        read = 0
        for personal in _CLASSES:
            everyone = rows.applicants(execute, personal)
            for start in range(0, len(everyone), MOST_APPLICANTS):
                some = everyone[start : start + MOST_APPLICANTS]
                kept = rows.signals_between(execute, personal, some[0], some[-1])
                self._take_in(execute, personal, some, kept)
                read += len(kept)
                if read // _SAY_EVERY > (read - len(kept)) // _SAY_EVERY:
                    _log.info(
                        "signals_read", signals=read, applicants=start + len(some), personal_class=personal
                    )
        changes = rows.changed_after(execute, rows.newest(execute) - 1)
        self._last = changes[-1] if changes else None

    def _read_case(self, execute: Execute, case: str) -> None:
        """Know a case as the rows have it."""
        for opening in rows.openings(execute, case):
            known = self.book.open(opening)
            kept = rows.signals_of(execute, case)
            for personal in _CLASSES:
                self.book.drop(known, personal)
                ours = [one for one in kept if CLASS_OF[one.kind] is personal]
                self._take_in(execute, personal, [opening.applicant] if ours else [], ours)

    def _take_in(
        self, execute: Execute, personal: PersonalClass, applicants: Sequence[str], kept: Iterable[Kept]
    ) -> None:
        """Open what is kept of some applicants; of those without a key any more it is taken away."""
        keys = self._own_keys(applicants, personal) if applicants else {}
        for gone in set(applicants) - keys.keys():
            rows.drop_signals(execute, gone, personal)
        for one in kept:
            known = self.book.case(one.case)
            if known is not None and one.applicant in keys:
                key = keys[one.applicant]
                self.book.put(known, unsealed(one.ciphertext, one.case, one.kind, one.source, key))
