"""Chooses a zone's characters from what was seen: alphabets of positions first, check digits as the judge."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from verification.vision.mrz import (
    LAYOUTS,
    DigitRule,
    Format,
    Layout,
    MachineZone,
    agrees,
    alphabet_at,
    parse,
)
from verification.vision.mrz_net import CHARACTERS

__all__ = ["choose"]

# A forbidden character's look-alike takes its place; without one it must be seen this much better (nats) to
# stay, and then the check digits say so: a zone that breaks its format is reported as it is printed.
_FORBIDDEN_COST = 9.0
_TWIN_COST = 2.0  # nats between look-alikes where both may stand
_MAX_SWAP_COST = (
    4.0  # nats that a second candidate may lie below the first: a clear character never gives way
)
_LONGEST_GAP = 3  # so many fillers end a name: what follows is filler, if it is at all like one
_FILLER_COST = 10.0
_TWINS = {
    "0": "O",
    "1": "I",
    "2": "Z",
    "5": "S",
    "6": "G",
    "8": "B",
}  # a digit's look-alike where letters stand
_TWINS |= {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "G": "6", "B": "8"}
_MAX_SWAPS = 2
_DOUBTFUL_CELLS = 4
Lines = list[list[str]]
_Swap = tuple[float, int, int, str]


def choose(layout: Layout, seen: Sequence[NDArray[np.float32]]) -> MachineZone | None:
    """Put a zone together from (width, 37) log-probabilities a line.

    Where a field's check digit fails, a cell in doubt gives way to its second candidate if the alphabet
    allows and the digit then agrees. The composite digit is never repaired across: it judges what came out.
    """
    masked = [_filled(layout, line, _masked(layout, line, scores)) for line, scores in enumerate(seen)]
    best = [scores.argmax(axis=1) for scores in masked]
    lines: Lines = [[CHARACTERS[at] for at in line] for line in best]
    for rule in layout.rules:
        if rule.name != "composite" and not agrees(rule, layout, ["".join(line) for line in lines]):
            _repair(rule, layout, lines, masked)
    sure = [scores[np.arange(len(scores)), at].mean() for scores, at in zip(seen, best, strict=True)]
    return parse(["".join(line) for line in lines], confidence_01=float(np.exp(np.mean(sure))))


def _masked(layout: Layout, line: int, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weigh what was seen in a line with what may stand there."""
    twinned = scores.copy()
    for one, other in _TWINS.items():
        here, there = CHARACTERS.index(one), CHARACTERS.index(other)
        twinned[:, there] = np.maximum(twinned[:, there], scores[:, here] - _TWIN_COST)
    return np.asarray(np.where(_allowed(layout.format, line), twinned, scores - _FORBIDDEN_COST), np.float32)


@cache
def _allowed(name: Format, line: int) -> NDArray[np.bool_]:
    """Say which of `CHARACTERS` may stand in each column of a line: (width, 37)."""
    layout = LAYOUTS[name]
    alphabets = [alphabet_at(layout, line, column) for column in range(layout.width)]
    return np.array([[character in alphabet for character in CHARACTERS] for alphabet in alphabets])


def _repair(rule: DigitRule, layout: Layout, lines: Lines, masked: Sequence[NDArray[np.float32]]) -> None:
    """Make the one likeliest swap after which the rule agrees, in place; none if no likely one does.

    One swap only: among pairs of swaps nearly always some pair would please a check digit of ten values.
    """
    for _, line, column, character in _doubts(rule, lines, masked):
        before, lines[line][column] = lines[line][column], character
        if agrees(rule, layout, ["".join(line) for line in lines]):
            return
        lines[line][column] = before


def _doubts(rule: DigitRule, lines: Lines, masked: Sequence[NDArray[np.float32]]) -> list[_Swap]:
    """List second and third candidates of the rule's field and its digit, the cheapest first."""
    places = [(span.line, column) for span in rule.over for column in range(span.start, span.stop)]
    swaps: list[_Swap] = []
    for line, column in [*places, (rule.line, rule.column)]:
        scores = masked[line][column]
        swaps += [
            (float(scores.max() - scores[candidate]), line, column, CHARACTERS[candidate])
            for candidate in np.argsort(scores)[-3:-1].tolist()
        ]
    return [swap for swap in sorted(swaps) if swap[0] <= _MAX_SWAP_COST]


def _filled(layout: Layout, line: int, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Prefer fillers behind the end of the name."""
    span, filler = layout.spans["name"], CHARACTERS.index("<")
    if span.line != line:
        return scores
    text = "".join(CHARACTERS[at] for at in scores.argmax(axis=1))
    end = text.find("<" * _LONGEST_GAP, span.start, span.stop)
    if end >= 0:
        scores[end : span.stop, filler] += np.float32(_FILLER_COST)
    return scores
