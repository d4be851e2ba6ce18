"""What an operator types, and what comes of it, for any service."""

from __future__ import annotations

import threading
from argparse import ArgumentParser
from contextlib import closing

import pytest

from subscriber import add_commands, run_command
from tests.subscriber.house import House


@pytest.fixture
def house(place: str) -> House:
    """A service that could not handle one case, and has a second event of it waiting."""
    house = House(place)
    house.bad = {"bad"}
    house.journal.submit("a", "bad", "bad")
    with house.live() as settle:
        settle()
    return house


def _run(house: House, *words: str) -> tuple[int, list[str]]:
    parser, said = ArgumentParser(), list[str]()
    add_commands(parser)
    code = run_command(parser.parse_args(words), house.service, said.append, threading.Event())
    return code, said


def _seen(house: House) -> list[object]:
    return [row[1] for row in house.rows("seen") if row[2]]


def test_lag_says_how_far_it_is_and_what_waits(house: House) -> None:
    house.journal.submit("b", "c")

    code, said = _run(house, "lag")

    assert code == 1
    assert said[0].startswith("at 3 of 5: 2 behind, ")
    assert said[1] == "2 dead letters of 1 parked keys"


def test_dead_letters_are_listed_with_their_reason(house: House) -> None:
    code, said = _run(house, "dead-letters")

    assert code == 0
    assert said == [
        "2 bad vouch.verification.v1.CaseSubmitted ValueError after 3 tries",
        "3 bad vouch.verification.v1.CaseSubmitted its key waits behind a dead letter after 0 tries",
        "2 dead letters",
    ]


def test_a_letter_is_shown_with_its_original_bytes_and_where_it_failed(house: House) -> None:
    _, said = _run(house, "dead-letters", "show", "bad")

    assert house.journal.records[1].SerializeToString().hex() in said[1]
    assert "house.py" in said[2]


def test_a_dry_run_says_what_would_be_and_changes_nothing(house: House) -> None:
    house.bad.clear()

    code, said = _run(house, "dead-letters", "redrive", "--all", "--dry-run")

    assert (code, said) == (0, ["bad: 2 would be through"])
    assert _seen(house) == ["a"]


def test_a_redriven_key_is_handled_and_said_by_the_running_service(house: House) -> None:
    house.bad.clear()

    code, said = _run(house, "dead-letters", "redrive", "--key", "bad", "--why", "mended")

    assert (code, said) == (0, ["bad: 2 through"])
    assert _seen(house) == ["a", "bad", "bad"]
    with house.live() as settle:
        settle()
    assert list(house.home.said.values()).count("bad") >= 2


def test_a_key_that_fails_again_ends_with_1_and_says_where_it_stopped(house: House) -> None:
    code, said = _run(house, "dead-letters", "redrive", "--key", "bad")

    assert (code, said) == (1, ["bad: 0 through, then ValueError; 2 left"])


def test_a_dropped_letter_keeps_its_bytes_with_the_reason(house: House) -> None:
    code, said = _run(house, "dead-letters", "drop", "--key", "bad", "--position", "2", "--reason", "spoilt")

    assert (code, said) == (0, ["1 letters of bad dropped"])
    with closing(house.open()) as store:
        rows = store.execute("SELECT what, why, position, record FROM subscriber_action")
    assert rows == [("dropped", "spoilt", 2, house.journal.records[1].SerializeToString())]


def test_nothing_to_drop_ends_with_1(house: House) -> None:
    assert _run(house, "dead-letters", "drop", "--key", "nobody", "--reason", "x")[0] == 1


def test_a_replay_frees_what_was_mended_and_says_where_it_ended(house: House) -> None:
    house.bad.clear()

    code, said = _run(house, "replay", "--rate", "100000")

    assert code == 0
    assert said[0] == "rebuilt up to 3: 4 events and timers handled"
    assert _seen(house) == ["a", "bad", "bad"]


def test_what_was_done_about_letters_is_known_after_a_replay(house: House) -> None:
    _run(house, "dead-letters", "drop", "--key", "bad", "--position", "2", "--reason", "spoilt")

    _run(house, "replay")

    with closing(house.open()) as store:
        assert store.execute("SELECT why FROM subscriber_action") == [("spoilt",)]
