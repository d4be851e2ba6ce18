"""The move of docs/strangler.md from the first step to the last, while people open accounts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.environment import ROOT
from tests.examples.legacy.books import read_books
from tests.examples.legacy.load import Crowd
from tests.examples.legacy.town import Town, waited_for
from tests.servers.kafka import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_STAGES = ("emits", "handed_over", "emits", "handed_over", "removed")
_ASKED = (("current", 20_000), ("savings", 100_000), ("student", 500_000))


def answers(town: Town, name: str) -> list[tuple[int, bytes]]:
    """Ask the old API all it can answer about new accounts, one thing right after another; names left out."""
    found = [town.open(f"{name}-{n}", *asked) for n, asked in enumerate(_ASKED)]
    found += [town.see(f"{name}-{n}") for n in range(len(_ASKED))]
    found += [
        town.open(f"{name}-0"),
        town.open("", "current"),
        town.open(f"{name}-9", "gold"),
        town.see("nobody"),
    ]
    found.append(town.list_of(f"c-{name}-1"))
    return [(one.status_code, one.content.replace(name.encode(), b"X")) for one in found]


def test_no_letter_is_lost_or_doubled_and_no_answer_changes_while_the_letters_move_out(
    tmp_path: Path,
) -> None:
    with Town(tmp_path) as town:
        town.start("door", "bank", "welcome")
        as_it_was = answers(town, "as_it_was")
        with Crowd(town, people=4, seed=0) as crowd:
            for number, stage in enumerate(_STAGES):
                crowd.pass_by(10)
                town.manage("stage", stage)
                assert answers(town, f"{stage}-{number}") == as_it_was
            crowd.pass_by(10)
        assert waited_for(lambda: set(read_books(town.books).letters.values()) == {"sent"})
        books = read_books(town.books)

        assert set(books.letters) >= crowd.opened
        # Asked for once: nothing rests on the print house's own protection.
        assert town.asked() == dict.fromkeys(books.letters, 1)
        assert books.misplaced == []
        assert books.handovers == ["welcome", "bank", "welcome"]
        assert set(books.by.values()) == {"bank", "welcome"}
        assert books.by.items() <= {account: by for account, (by,) in town.askers().items()}.items()
        assert town.welcome("compare")[0] == 0


def test_the_comparison_finds_the_letters_that_the_service_would_write_otherwise(tmp_path: Path) -> None:
    with Town(tmp_path, settings={"VOUCH_WELCOME_PREMIUM_FROM_PENCE": "100001"}) as town:
        town.start("door", "bank")
        town.manage("stage", "emits")
        for reference, deposit_pence in (("just-below", 99_999), ("at", 100_000), ("above", 100_001)):
            town.open(reference, "current", deposit_pence)
        town.start("welcome")
        assert waited_for(lambda: town.welcome("lag")[1][0].startswith("at 6 of 6"))

        assert town.welcome("compare") == (
            1,
            [
                "3 letters of the bank compared, 1 differ; 0 that the bank should have sent are not sent",
                "at: the bank sent premium, we would send standard",
            ],
        )

        town.configure(VOUCH_WELCOME_PREMIUM_FROM_PENCE="100000")
        assert town.welcome("replay")[0] == 0
        assert town.welcome("compare") == (
            0,
            ["3 letters of the bank compared, 0 differ; 0 that the bank should have sent are not sent"],
        )


def test_over_kafka_the_same_letters_go_on_topics_of_the_banks_own(
    tmp_path: Path, empty_kafka: Cluster
) -> None:
    with Town(tmp_path, settings=empty_kafka.server.environment()) as town:
        town.start("carry", "door", "bank", "welcome")
        for stage in ("emits", "handed_over"):
            town.manage("stage", stage)
            assert town.open(stage).status_code == 201

        assert waited_for(lambda: town.asked() == {"emits": 1, "handed_over": 1})
        assert waited_for(lambda: set(read_books(town.books).letters.values()) == {"sent"})
        assert town.welcome("compare")[0] == 0
        # Not every topic can be read to its end: the relay's sign of life goes on.
        assert all(empty_kafka.read([topic]) for topic in ("accounts.account.v1", "accounts.letter.v1"))
        assert not [topic for topic in empty_kafka.topics() if topic.startswith("verification")]


def test_the_bank_runs_on_when_the_code_of_the_letters_is_deleted(tmp_path: Path) -> None:
    source, data = tmp_path / "source", tmp_path / "data"
    shutil.copytree(ROOT / "examples" / "legacy", source / "examples" / "legacy")
    shutil.copy(ROOT / "examples" / "__init__.py", source / "examples")
    (source / "examples" / "legacy" / "bank" / "letters.py").unlink()
    data.mkdir()
    with Town(data, source=source) as town:
        for stage in ("emits", "handed_over", "removed"):
            town.manage("stage", stage)
        town.start("door", "bank", "welcome")

        assert town.open("last").status_code == 201
        assert town.see("last").json()["letter"] == "sent"
        assert town.askers() == {"last": {"welcome"}}
