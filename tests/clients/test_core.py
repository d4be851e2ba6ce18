"""The Python client's core, without a network: whatever is cut, repeated or left out, records come once."""

from __future__ import annotations

import contextlib
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clients.scripted import EPOCH, record, welcome
from vouch_feed import EpochChanged, Gap, Hole, Position, Settings, TooOld, Wish
from vouch_feed.backoff import Backoff
from vouch_feed.core import Core
from vouch_feed.errors import Lost
from vouch_feed.frames import Lines, Record, frame_of

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["frame", "number", "epoch", "x"]), inner)
    ),
    max_leaves=8,
)

# Frames of known names that lack what they must have.
ALMOST = st.builds(
    lambda name, rest: {**rest, "frame": name},
    st.sampled_from(["record", "welcome", "heartbeat", "gap", "bye", "falling_behind"]),
    st.dictionaries(st.sampled_from(["number", "epoch", "data", "cursor"]), ANY_JSON),
)


def encoded(frame: object) -> bytes:
    return json.dumps(frame).encode()


def fresh(wish: Wish | None = None, options: Settings | None = None) -> Core:
    return Core(wish or Wish(from_=1), options or Settings(longest_wait_s=0))


def taken(core: Core, *frames: object) -> list[int]:
    """Have frames heard, and each record dealt with; gives the records' numbers."""
    found = []
    for frame in frames:
        handed = core.hear(encoded(frame))
        if handed is not None:
            core.handed_on(handed)
            found.append(handed.number)
    return found


def after(core: Core) -> int:
    """Give the position that the next connection asks for."""
    query = core.query()
    return Position.parse(query["after"]).number if "after" in query else int(query["from"]) - 1


@settings(max_examples=200)
@given(
    st.sets(st.integers(1, 60), min_size=1),
    st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.booleans()), max_size=60),
)
def test_a_partition_cut_anywhere_is_handed_on_once_and_in_order(
    part: set[int], cuts: list[tuple[int, bool, bool]]
) -> None:
    core, found, numbers = fresh(), list[int](), sorted(part)
    for most, repeats, beats in [*cuts, (len(part) + 2, False, False)]:
        at = after(core)
        before = [n for n in numbers if n <= at]
        frames: list[object] = [welcome(60, first=at + 1)]
        # A server may repeat what lies before the position.
        frames += [record(n, 0) for n in before[-2:]] if repeats else []
        prev = before[-1] if before else 0
        for number in [n for n in numbers if n > at]:
            if beats:
                frames.append({"frame": "heartbeat", "position": number - 1, "head": 60})
            frames.append(record(number, prev))
            prev = number
        found += taken(core, *frames[: most + 1])
        core.wait_s()

    assert found == numbers
    assert core.metrics.holes == 0


@given(st.lists(st.integers(1, 30), min_size=1, unique=True))
def test_a_record_that_left_others_out_is_never_handed_on(order: list[int]) -> None:
    core, found = fresh(), list[int]()
    for number in order:
        try:
            found += taken(core, *([] if core.position else [welcome(30)]), record(number))
        except Lost:
            core.wait_s()
        except Hole:
            break

    assert found == list(range(1, len(found) + 1))


def test_with_chosen_kinds_what_lies_between_is_no_hole() -> None:
    frame = {name: value for name, value in record(7).items() if name != "prev"}

    assert taken(fresh(Wish(from_=1, kinds=("case",))), welcome(), frame) == [7]


def test_a_record_that_was_not_dealt_with_moves_nothing() -> None:
    core = fresh()
    taken(core, welcome(), record(1))

    assert isinstance(core.hear(encoded(record(2))), Record)
    assert (after(core), core.metrics.records) == (1, 1)


def test_a_welcome_alone_is_a_position_to_come_back_to() -> None:
    core = fresh(Wish(from_="latest"))

    taken(core, welcome(head=74, first=75))

    assert core.query() == {"after": f"{EPOCH}-74"}


def test_gaps_and_heartbeats_are_told_and_a_position_never_moves_back() -> None:
    moved, gaps = list[Position](), list[Gap]()
    core = fresh(options=Settings(on_position=moved.append, on_gap=gaps.append))
    beat = {"frame": "heartbeat", "position": 3, "head": 9}
    gap = {"frame": "gap", "from": 4, "to": 6, "oldest": 7, "reason": "retention"}

    taken(core, welcome(), beat, {**beat, "position": 2}, gap)

    assert [place.number for place in moved] == [3, 6]
    assert gaps == [Gap(4, 6, 7, "retention")]
    assert core.metrics.lag == 3


def test_a_restored_feed_is_told_with_the_range_it_has() -> None:
    core = fresh(Wish(after=Position("deadbeef", 75)))

    with pytest.raises(EpochChanged) as told:
        taken(core, welcome(head=40))

    assert told.value.available is not None
    assert (told.value.available.epoch, told.value.available.head) == (EPOCH, 40)


def test_a_goodbye_for_good_names_the_range_that_exists() -> None:
    there = {"epoch": EPOCH, "oldest": 40, "head": 90}

    with pytest.raises(TooOld, match="records 40 to 90"):
        taken(fresh(), welcome(), {"frame": "bye", "reason": "too_old", "available": there})


def test_a_limit_is_what_is_left_of_it() -> None:
    core = fresh(Wish(from_=1, limit=3))

    taken(core, welcome(), record(1), record(2))
    assert (core.query()["limit"], core.fulfilled) == ("1", False)
    taken(core, record(3))
    assert core.fulfilled


@given(ANY_JSON | ALMOST | st.binary())
def test_a_line_that_is_no_frame_costs_the_connection_and_nothing_more(said: object) -> None:
    line = said if isinstance(said, bytes) else encoded(said)
    core = fresh()
    taken(core, welcome(), record(1))

    for hear in (frame_of, core.hear):
        with contextlib.suppress(Lost):
            hear(line)
    assert core.position == Position(EPOCH, 1)


@given(
    st.lists(st.binary().filter(lambda line: b"\n" not in line and line.strip() == line != b"")), st.data()
)
def test_lines_are_the_same_however_they_are_cut_into_pieces(lines: list[bytes], data: st.DataObject) -> None:
    stream, reader, found = b"".join(line + b"\n" for line in lines) + b"unfinished", Lines(), list[bytes]()
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += reader.add(stream[:size])
        stream = stream[size:]

    assert found == lines


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 100), st.floats(0, 60))), st.floats(0, 40), st.integers()
)
def test_waits_grow_with_failures_and_stay_within_their_bounds(
    ends: list[tuple[bool, float, float]], longest_s: float, seed: int
) -> None:
    backoff, failures = Backoff(longest_s, random.Random(seed).random), 0
    for handed_on, healthy_s, retry_after_s in ends:
        failures = 0 if handed_on or healthy_s >= 60 else failures
        most_s = 1.0 if failures == 0 else min(30.0, 0.5 * 2**failures)
        wait_s = backoff.wait_s(healthy_s=healthy_s, handed_on=handed_on, retry_after_s=retry_after_s)

        assert min(longest_s, retry_after_s) <= wait_s <= min(longest_s, retry_after_s + most_s)
        failures += 1
