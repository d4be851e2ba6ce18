"""Whatever order positions finish in, what is kept says exactly which are left."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subscriber.progress import Progress


@given(st.permutations(range(1, 21)), st.integers(0, 20), st.sets(st.integers(1, 20)))
def test_after_a_crash_exactly_the_unfinished_positions_are_taken_up(
    order: list[int], crash_after: int, handled: set[int]
) -> None:
    progress = Progress()
    taken = [p for p in range(1, 21) if p in handled and progress.begin(p)]
    progress.looked(20)
    finished = [p for p in order if p in taken][:crash_after]
    for position in finished:
        progress.finish(position)

    again = Progress.load(progress.floor, progress.dump())

    assert {p for p in range(1, 21) if p in handled and again.begin(p)} == set(taken) - set(finished)


@given(st.sets(st.integers(1, 50), min_size=1))
def test_the_floor_is_the_end_of_the_finished_prefix(unfinished: set[int]) -> None:
    progress = Progress()
    for position in range(1, 51):
        progress.begin(position)
    progress.looked(50)
    for position in set(range(1, 51)) - unfinished:
        progress.finish(position)

    assert progress.floor == min(unfinished) - 1


def test_a_position_is_taken_up_only_once() -> None:
    progress = Progress()

    assert progress.begin(1)
    progress.looked(1)
    assert not progress.begin(1)


def test_a_copy_can_be_thrown_away() -> None:
    progress = Progress()
    progress.begin(1)
    progress.looked(1)

    progress.copy().finish(1)

    assert progress.floor == 0
