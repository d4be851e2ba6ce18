"""Chooses a zone's characters from what was seen: alphabets of the positions first, check digits as the judge."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from verification.vision.mrz import DigitRule, Layout, MachineZone, agrees, alphabet_at, parse
from verification.vision.mrz_net import CHARACTERS

__all__ = ["choose"]

# A forbidden character's look-alike takes its place; without one it must be seen this much better (nats) to stay,
# and then the check digits say so: a zone that does not keep to its format is reported as it is printed.
_FORBIDDEN_COST = 9.0
_TWIN_COST = 2.0  # nats between look-alikes where both may stand
_MAX_SWAP_COST = (
    5.0  # nats that the second candidates may lie below the first, all swaps of one field together
)
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
    """This will put a zone together from (width, 37) log-probabilities a line.

    Where a field's check digit fails, the cells in doubt give way to their second candidates if the alphabet allows
    and the digit then agrees. The composite digit is never repaired across: it judges what came out.
    """
    masked = [_masked(layout, line, scores) for line, scores in enumerate(seen)]
    best = [scores.argmax(axis=1) for scores in masked]
    lines: Lines = [[CHARACTERS[at] for at in line] for line in best]
    for rule in layout.rules:
        if rule.name != "composite" and not agrees(rule, layout, ["".join(line) for line in lines]):
            _repair(rule, layout, lines, masked)
    sure = [scores[np.arange(len(scores)), at].mean() for scores, at in zip(masked, best, strict=True)]
    return parse(["".join(line) for line in lines], confidence_01=float(np.exp(np.mean(sure))))


def _masked(layout: Layout, line: int, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """This will weigh what was seen in a line with what may stand there."""
    allowed = np.array(
        [
            [character in alphabet_at(layout, line, at) for character in CHARACTERS]
            for at in range(layout.width)
        ]
    )
    twinned = scores.copy()
    for one, other in _TWINS.items():
        here, there = CHARACTERS.index(one), CHARACTERS.index(other)
        twinned[:, there] = np.maximum(twinned[:, there], scores[:, here] - _TWIN_COST)
    return np.asarray(np.where(allowed, twinned, scores - _FORBIDDEN_COST), np.float32)


def _repair(rule: DigitRule, layout: Layout, lines: Lines, masked: Sequence[NDArray[np.float32]]) -> None:
    """This will make the likeliest swaps after which the rule agrees, in place; none if no likely ones do."""
    swaps = _doubts(rule, lines, masked)
    bundles = [bundle for size in range(1, _MAX_SWAPS + 1) for bundle in combinations(swaps, size)]
    for bundle in sorted(bundles, key=_cost):
        if _cost(bundle) > _MAX_SWAP_COST:
            return
        tried = [line.copy() for line in lines]
        for _, line, column, character in bundle:
            tried[line][column] = character
        if agrees(rule, layout, ["".join(line) for line in tried]):
            lines[:] = tried
            return


def _cost(bundle: tuple[_Swap, ...]) -> float:
    # Two swaps in one cell would be one: they make the bundle impossible.
    cells = {(line, column) for _, line, column, _ in bundle}
    return sum(swap[0] for swap in bundle) if len(cells) == len(bundle) else float("inf")


def _doubts(rule: DigitRule, lines: Lines, masked: Sequence[NDArray[np.float32]]) -> list[_Swap]:
    """This will list the cheapest second candidates among the rule's field and its digit."""
    places = [(span.line, column) for span in rule.over for column in range(span.start, span.stop)]
    swaps: list[_Swap] = []
    for (line, column), rank in product([*places, (rule.line, rule.column)], (-2, -3)):
        scores = masked[line][column]
        candidate = int(np.argsort(scores)[rank])
        cost = float(scores.max() - scores[candidate])
        swaps.append((cost, line, column, CHARACTERS[candidate]))
    return sorted(swaps)[: 2 * _DOUBTFUL_CELLS]
