"""Runs the judgement over a recorded time, in memory and without a clock: what would have been said."""

from __future__ import annotations

import math
from bisect import bisect
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from consumers.early_warning.judging import ended_because, judge
from consumers.early_warning.seeing import MOST, WINDOW_US, Look, Seen, Trouble, Waiting
from consumers.early_warning.usual import AGE_US, DAYS_US, FAILED, SLOT_US, Usual, bucket_of, slot_of

__all__ = ["LOOK_EVERY_US", "Said", "Tried", "play"]

# How often is looked; half of the shortest time in which anything is noticed.
LOOK_EVERY_US: Final = 5_000_000


class Tried(NamedTuple):
    """One try: of what, for which case, from when to when (microseconds since 1970 UTC; None: no end)."""

    about: str
    case: str
    began_us: int
    ended_us: int | None
    failed: bool = False


class Said(NamedTuple):
    """What would have been said: a warning, with why; or, without a trouble, that one ended, and because."""

    at_us: int
    about: str
    trouble: Trouble | None
    because: str = ""


@dataclass(slots=True)
class _Past:
    """The slots that count as usual, added up as time goes on."""

    slots: dict[int, Counter[int]] = field(default_factory=dict)
    counted: deque[tuple[int, Counter[int]]] = field(default_factory=deque)
    total: Counter[int] = field(default_factory=Counter)
    usual: Usual = field(default_factory=lambda: Usual({}))

    def add(self, seen: Seen) -> None:
        bucket = FAILED if seen.failed else bucket_of(seen.ms)
        self.slots.setdefault(slot_of(seen.at_us), Counter())[bucket] += 1

    def at(self, at_us: int) -> Usual:
        """Give what is usual at a moment; moments never fall."""
        before = slot_of(at_us) - AGE_US
        aged = sorted(slot for slot in self.slots if slot < before)
        for slot in aged:
            self.counted.append((slot, self.slots.pop(slot)))
            self.total.update(self.counted[-1][1])
        while self.counted and self.counted[0][0] < before - DAYS_US:
            self.total.subtract(self.counted.popleft()[1])
        if aged:
            self.usual = Usual(self.total)
        return self.usual


def play(tries: Iterable[Tried], budget_of: Callable[[str], float]) -> list[Said]:
    """Say what would have been said.

    Args:
        tries: in any order.
        budget_of: gives a subject's budget, ms.
    """
    return _Tape(budget_of).run(sorted(tries, key=lambda one: one.began_us))


class _Tape:
    def __init__(self, budget_of: Callable[[str], float]) -> None:
        self._budget_of = budget_of
        self._recent: dict[str, list[Seen]] = defaultdict(list)
        self._past: dict[str, _Past] = defaultdict(_Past)
        self._begun: dict[str, list[Tried]] = defaultdict(list)
        self._open: dict[str, int] = {}
        self._over: dict[str, int] = {}
        self._said: list[Said] = []
        self._touched: set[str] = set()

    def run(self, tries: Sequence[Tried]) -> list[Said]:
        if not tries:
            return []
        index, at_us = 0, tries[0].began_us // LOOK_EVERY_US * LOOK_EVERY_US
        last_us = max(max(t.began_us, t.ended_us or 0) for t in tries) + SLOT_US
        while at_us <= last_us:
            while index < len(tries) and tries[index].began_us <= at_us:
                self._begun[tries[index].about].append(tries[index])
                index += 1
            self._look_at_all(at_us)
            at_us += LOOK_EVERY_US
        return self._said

    def _look_at_all(self, at_us: int) -> None:
        for about in list(self._begun):
            self._end(about, at_us)
        for about in [*self._touched, *(self._open.keys() - self._touched)]:
            self._look(about, at_us)
        self._touched = {about for about, begun in self._begun.items() if begun}

    def _end(self, about: str, at_us: int) -> None:
        begun = self._begun[about]
        ended = [t for t in begun if t.ended_us is not None and t.ended_us <= at_us]
        if not ended:
            return
        self._begun[about] = [t for t in begun if t.ended_us is None or t.ended_us > at_us]
        self._touched.add(about)
        for t in sorted(ended, key=lambda one: one.ended_us or 0):
            seen = Seen(t.ended_us or 0, ((t.ended_us or 0) - t.began_us) / 1_000, t.failed, t.case)
            self._recent[about].append(seen)
            self._past[about].add(seen)

    def _look(self, about: str, at_us: int) -> None:
        ended = self._recent[about]
        del ended[:-MOST]
        look = Look(
            about=about,
            at_us=at_us,
            budget_ms=self._budget_of(about),
            usual=self._past[about].at(at_us),
            recent=ended[bisect(ended, (max(at_us - WINDOW_US, self._over.get(about, 0)), math.inf)) :],
            begun=[Waiting(t.case, t.began_us) for t in self._begun[about]],
            known_us=at_us,
            lossy=about.startswith("step/"),
        )
        if about in self._open:
            because = ended_because(look, self._open[about])
            if because:
                del self._open[about]
                self._over[about] = at_us
                self._said.append(Said(at_us, about, None, because))
            return
        trouble = judge(look)
        if trouble is not None:
            self._open[about] = at_us
            self._said.append(Said(at_us, about, trouble))
