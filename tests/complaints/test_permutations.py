"""A thousand permutations of a case's events, doubled and delayed, end in the same case."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from protocol.case_state import CaseState, advance, dump
from protocol.envelope import Event
from tests.consumers.decisions.histories import checks, evidence, line, opening, tell
from tests.consumers.decisions.test_docket import aged, classified, last

_PERMUTATIONS = 1_000
FRONT, NEWER_FRONT = 3, 8


def _history() -> list[Event]:
    """A case whose front was taken twice: what rests on the first picture must never count."""
    return line(
        *opening("full", minimum_age=18),
        evidence("front"),
        classified("passport"),
        *checks(on=FRONT, tamper="suspected")[:3],
        evidence("front"),
        classified("uk_driving_licence"),
        aged("yes"),
        *checks(on=NEWER_FRONT),
    )


def _disturbed(events: Sequence[Event], chance: random.Random) -> list[Event]:
    """Shuffle all, repeat some, and hold a few back to the end."""
    mixed = [*events, *chance.choices(events, k=chance.randrange(6))]
    chance.shuffle(mixed)
    late = chance.sample(range(len(mixed)), k=3)
    return [e for n, e in enumerate(mixed) if n not in late] + [mixed[n] for n in late]


def _case(events: Sequence[Event]) -> bytes:
    state = CaseState()
    for event in events:
        state = advance(state, event)
    return dump(state)


@pytest.mark.slow
def test_a_thousand_permutations_of_a_case_s_events_give_the_same_case() -> None:
    events, chance = _history(), random.Random(4)
    assert events[NEWER_FRONT - 1].message == evidence("front")
    expected, decided = _case(events), tell(events)

    for _ in range(_PERMUTATIONS):
        mixed = _disturbed(events, chance)
        teller = tell(mixed)

        assert _case(mixed) == expected
        assert teller.docket.known == decided.docket.known
        assert last(teller) == last(decided)
