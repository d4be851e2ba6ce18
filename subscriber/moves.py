"""How a comparison with history is told: from what to what, how often, and which ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

__all__ = ["first_lines", "moves_told"]


def moves_told(moves: Counter[tuple[str, str]]) -> Iterator[str]:
    """Tell moves from one thing to another, the most frequent first."""
    for (before, after), count in moves.most_common():
        yield f"  {count} from {before} to {after}"


def first_lines(lines: Sequence[str], *, most: int) -> Iterator[str]:
    """Give the first of many lines, and say how many more there are."""
    yield from lines[:most]
    if len(lines) > most:
        yield f"and {len(lines) - most} more: --most, or --json for all"
