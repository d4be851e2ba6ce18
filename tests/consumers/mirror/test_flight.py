"""However confirmations are ordered, what is safe has everything before it confirmed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from consumers.mirror.flight import Flight
from vouch_feed import Position


@given(st.integers(1, 12).flatmap(lambda n: st.permutations([(i, k) for i in range(1, n + 1) for k in "lc"])))
def test_the_safe_position_is_the_longest_run_of_confirmed_records(steps: list[tuple[int, str]]) -> None:
    flight, left, confirmed = Flight(), 0, set[int]()
    for number, what in steps:
        if what == "l":
            # Records leave in the feed's order; a confirmation may come at any time.
            left += 1
            flight.leave(Position("0badcafe", left))
        else:
            confirmed.add(number)
            flight.confirm(Position("0badcafe", number))

        run = 0
        while run + 1 <= left and run + 1 in confirmed:
            run += 1
        assert (flight.safe.number if flight.safe else 0) == run
