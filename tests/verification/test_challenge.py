"""What is asked before the camera."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from verification.challenge import KINDS, RECORD_MS, draw_actions, shortest_clip_ms


@given(seed=st.integers())
def test_two_different_actions_are_asked_within_their_moments(seed: int) -> None:
    first, second = draw_actions(Random(seed).randrange)
    assert first.do != second.do
    assert {first.do, second.do} <= set(KINDS)
    assert 600 <= first.at_ms <= 2100
    assert first.at_ms + 1200 <= second.at_ms <= 3300


def test_every_ordered_pair_of_actions_is_about_as_likely() -> None:
    random = Random(4)
    pairs = Counter((a.do, b.do) for a, b in (draw_actions(random.randrange) for _ in range(6000)))
    assert len(pairs) == 6
    assert all(850 < seen < 1150 for seen in pairs.values())


def test_the_moments_reach_both_ends_of_their_ranges() -> None:
    random = Random(4)
    drawn = [draw_actions(random.randrange) for _ in range(20_000)]
    firsts = [first.at_ms for first, _ in drawn]
    assert (min(firsts), max(firsts)) == (600, 2100)
    assert max(second.at_ms for _, second in drawn) == 3300


def test_a_clip_of_the_asked_length_always_holds_the_last_action() -> None:
    assert shortest_clip_ms([900, 3300]) == 5000 <= RECORD_MS
