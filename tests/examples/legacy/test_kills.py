"""The move of docs/strangler.md while its processes are killed without warning: each letter goes once."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from deploy.servers.postgres import PostgresServer
from tests.examples.legacy.books import read_books
from tests.examples.legacy.load import Crowd
from tests.examples.legacy.town import Town, waited_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_PEOPLE = 6
# A letter takes long enough that whoever is killed is mostly in the middle of some.
_LETTER_TAKES_S = 0.06
_COMMAND_DIES_01 = 0.3
_MOVES = ("handed_over", "emits", "handed_over")

_ONE_LEFT = (
    1,
    [
        "0 letters of the bank compared, 0 differ; 1 that the bank should have sent are not sent",
        "left: not sent; we would send standard",
    ],
)


def _move_out_under_kills(town: Town, chance: random.Random) -> int:
    """Carry the move out; at each hand-over, and between them, somebody dies. Gives how often that was."""
    kills = 0
    town.manage("stage", "emits")
    with Crowd(town, people=_PEOPLE, seed=chance.randrange(1_000)) as crowd:
        for stage in _MOVES:
            crowd.pass_by(10, within_s=120)
            moving = town.begin("stage", stage)
            for victim in chance.sample(("bank", "welcome", "door"), chance.randint(1, 2)):
                # Up to and past the moment at which the command, once loaded, moves.
                time.sleep(chance.random() * 2)
                town.kill(victim)
                town.start(victim)
                kills += 1
            if chance.random() < _COMMAND_DIES_01:
                moving.kill()
            moving.wait(timeout=60)
            if read_books(town.books).stage != stage:
                town.manage("stage", stage)
        crowd.pass_by(10, within_s=120)
    assert crowd.opened <= read_books(town.books).letters.keys()
    return kills


def _assert_each_letter_went_once(town: Town, kills: int) -> None:
    assert waited_for(lambda: set(read_books(town.books).letters.values()) == {"sent"}, within_s=60)
    books, asked, askers = read_books(town.books), town.asked(), town.askers()

    assert town.sent() == dict.fromkeys(books.letters, 1)
    assert books.misplaced == []
    assert books.handovers == ["welcome", "bank", "welcome"]
    # Asked for again: only what was under way when somebody died, or what the bank had left behind.
    again = [account for account, times in asked.items() if times > 1]
    assert len(again) <= kills * _PEOPLE
    by_bank = {account for account, by in books.by.items() if by == "bank"}
    assert {account for account in by_bank if "welcome" in askers[account]} == set(books.taken_over)
    assert not [account for account in books.by.keys() - by_bank if "bank" in askers[account]]


@pytest.mark.parametrize("seed", [1, 2])
def test_whoever_dies_around_a_hand_over_each_letter_goes_once(tmp_path: Path, seed: int) -> None:
    with Town(tmp_path, letter_takes_s=_LETTER_TAKES_S) as town:
        town.start("door", "bank", "welcome")

        kills = _move_out_under_kills(town, random.Random(seed))

        _assert_each_letter_went_once(town, kills)


@pytest.mark.parametrize("seed", [5])
def test_on_postgresql_where_requests_really_run_at_once_each_letter_goes_once(
    tmp_path: Path, postgres: PostgresServer, seed: int
) -> None:
    address = postgres.create_database(f"bank_{seed}")
    with Town(tmp_path, letter_takes_s=_LETTER_TAKES_S, settings={"BANK_DATABASE_URL": address}) as town:
        town.start("carry", "door", "bank", "welcome")

        kills = _move_out_under_kills(town, random.Random(seed))

        _assert_each_letter_went_once(town, kills)


def test_what_the_bank_left_behind_is_sent_after_the_hand_over_and_shown_before_it(tmp_path: Path) -> None:
    with Town(tmp_path, letter_takes_s=4) as town:
        town.start("door", "bank", "welcome")
        town.manage("stage", "emits")
        with town.opening("left"):
            assert waited_for(lambda: "left" in read_books(town.books).by)
            town.kill("bank")
        town.post.takes_s = 0
        assert town.asked() == {} or town.asked() == {"left": 1}
        assert waited_for(lambda: town.welcome("compare") == _ONE_LEFT)

        town.manage("stage", "handed_over")
        town.start("bank")

        assert waited_for(lambda: town.sent() == {"left": 1})
        assert waited_for(lambda: town.see("left").json()["letter"] == "sent")
        assert read_books(town.books).taken_over == ["left"]
