"""Keeps the book in step with the rows: made of them at the start, and again when it cannot be trusted.

Each change to the rows has a number. A case whose change was taken back, or that another process of this
service has changed, is read from the rows again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import Final, TypeAlias

import structlog

from consumers.fraud import rows
from consumers.fraud.book import Book, Known, Opening
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
# More are not taken back at once; else the whole book is made anew.
_RECENT: Final = 1_000


class Memory:
    """The book, and up to which change it is right.

    Args:
        own_keys: gives the keys by which rows are sealed; an applicant without one was erased.
    """

    def __init__(self, own_keys: OwnKeys) -> None:
        self._own_keys = own_keys
        # Our own newest changes, the last one last: of those the book may have what was taken back.
        self._recent: deque[Change] = deque(maxlen=_RECENT)
        self.book = Book()

    def catch_up(self, execute: Execute) -> None:
        """Make the book right for a transaction, and let no other process change anything before its end.

        Raises:
            SourceAway: keys are needed, and cannot be asked for now.
        """
        rows.take_turn(execute)
        undone = list(takewhile(lambda c: not rows.still_there(execute, c), reversed(self._recent)))
        if len(undone) == len(self._recent):
            self._begin(execute)
            return
        # Forgotten only when all are read: keys may be away in the middle.
        for case in dict.fromkeys(change.case for change in undone):
            self._read_case(execute, case)
        for _ in undone:
            self._recent.pop()
        for change in rows.changed_after(execute, self._recent[-1].n):
            self._read_case(execute, change.case)
            self._recent.append(change)

    def in_step(self, change: Change) -> None:
        """Note a change that the book has already."""
        self._recent.append(change)

    def opened(self, execute: Execute, opening: Opening) -> Known:
        """Know a case from its opening, with what came of it before that."""
        known = self.book.open(opening)
        self._take_all(execute, known)
        return known

    def _begin(self, execute: Execute) -> None:
        """Make the book of all rows."""
        self.book = Book()
        self._recent.clear()
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
        self._recent.extend(changes)

    def _read_case(self, execute: Execute, case: str) -> None:
        """Know a case as the rows have it."""
        openings = rows.openings(execute, case)
        if not openings:
            self.book.close(case)
        for opening in openings:
            known = self.book.open(opening)
            for personal in _CLASSES:
                self.book.drop(known, personal)
            self._take_all(execute, known)

    def _take_all(self, execute: Execute, known: Known) -> None:
        """Take in what the rows have of a case."""
        kept = rows.signals_of(execute, known.opening.case)
        for personal in _CLASSES:
            ours = [one for one in kept if CLASS_OF[one.kind] is personal]
            self._take_in(execute, personal, [known.opening.applicant] if ours else [], ours)

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
