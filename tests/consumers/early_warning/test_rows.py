"""The rows and what is made of them: any order, any repeat, the same; and what is usual is what was."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.early_warning.rows import prepare, prune, usual
from consumers.early_warning.settings import Budgets, WrongBudget, budgets
from consumers.early_warning.taking import take_event, take_statistic
from consumers.early_warning.usual import FAILED, Usual, bucket_of
from consumers.early_warning.verbs import now_lines
from deploy.servers.postgres import PostgresServer
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import Row, SqliteStore, open_store
from subscriber.noted import Statistic
from tests.consumers.early_warning.stories import ABOUT, at_us, called, calls, event, finished
from tests.servers.running import fresh_database

CASES = [
    *finished(10, "done", took_s=3),
    event(verification.CaseSubmitted(by="client"), 20, "late"),
    event(verification.DeadlinePassed(checks=["register"]), 35, "late"),
    event(
        verification.CheckCompleted(check="register", reasons=[verification.Reason(code="deadline")]),
        35,
        "late",
    ),
    event(verification.CaseSubmitted(by="client"), 30, "open"),
    event(verification.EvidenceReceived(evidence_id="e"), 31, "begun"),
    event(verification.CaseWithdrawn(by="client"), 32, "begun"),
]
STORY = [*calls(range(0, 200, 10), 300), *called(40, 5_000), *CASES]
TABLES = ("seen", "usual", "begun", "budgets", "cases", "warnings")


def rows_of(place: Path | str, events: list[Event]) -> dict[str, list[Row]]:
    with closing(open_store(place)) as store:
        prepare(store)
        with store.transaction():
            for one in events:
                take_event(one, store.execute, 15_000)
        return {table: sorted(store.execute(f"SELECT * FROM {table}")) for table in TABLES}


@pytest.mark.parametrize("seed", range(5))
def test_any_order_across_cases_gives_the_same_rows(tmp_path: Path, seed: int) -> None:
    of_case: dict[str, list[Event]] = {}
    for one in STORY:
        of_case.setdefault(one.envelope.subject, []).append(one)
    shuffled = list(of_case.values())
    random.Random(seed).shuffle(shuffled)

    found = rows_of(tmp_path / "shuffled", [one for events in shuffled for one in events])

    assert found == rows_of(tmp_path / "in_order", STORY)
    assert found["begun"] == []
    assert {case: bool(over) for case, *_, over in found["cases"]} == {
        "done": True,
        "late": True,
        "open": False,
        "begun": True,
    }


@pytest.mark.parametrize("seed", range(5))
def test_of_one_case_too_whichever_stream_is_read_first(tmp_path: Path, seed: int) -> None:
    shuffled = list(CASES)
    random.Random(seed).shuffle(shuffled)

    assert rows_of(tmp_path / "shuffled", shuffled) == rows_of(tmp_path / "in_order", CASES)


@pytest.mark.slow
def test_on_postgresql_the_rows_and_the_looks_are_the_same(tmp_path: Path, postgres: PostgresServer) -> None:
    url = fresh_database(postgres)

    assert rows_of(url, STORY) == rows_of(tmp_path / "file", STORY)

    with closing(open_store(url)) as store, closing(open_store(tmp_path / "file")) as file:
        looks = [list(now_lines(one.execute, at_us(1_500), Budgets())) for one in (store, file)]
        scores = [usual(one.execute, ABOUT, at_us(1_500)).quantile(0.9) for one in (store, file)]
        prune(store.execute, at_us(100_000))
        left = store.execute("SELECT count(*) FROM seen")
    assert looks[0] == looks[1]
    assert scores[0] == scores[1]
    assert left == [(0,)]


def test_statistics_come_in_by_step_and_what_has_begun_ends(tmp_path: Path) -> None:
    told = [
        verification.StepStarted(step="step.read", attempt=1),
        verification.StepStarted(step="step.tamper", attempt=1),
        verification.StepFinished(
            step="step.read", outcome="overran", total_ms=8_100, work_ms=8_000, attempt=1
        ),
    ]
    with closing(SqliteStore(tmp_path / "rows")) as store:
        prepare(store)
        for n, message in enumerate(told):
            take_statistic(Statistic(message=message, subject="a", at_us=at_us(n), mark=str(n)), store)
        take_statistic(Statistic(message=None, subject="", at_us=at_us(9), mark="9", dropped=7), store)

        assert store.execute("SELECT about, case_id FROM begun") == [("step/tamper", "a")]
        assert store.execute("SELECT about, ms, failed FROM seen ORDER BY about") == [
            ("statistics/all", 7.0, 0),
            ("step/read", 8_100.0, 1),
        ]


def test_what_is_seen_now_can_be_read_by_people(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "rows")) as store:
        prepare(store)
        for one in STORY:
            take_event(one, store.execute, 15_000)

        lines = list(now_lines(store.execute, at_us(210), Budgets()))

    assert lines[0].split() == ["what", "level", "usual", "trend/min", "failed", "budget"]
    assert lines[1].split()[0] == "case/all"
    assert lines[2].split()[0::5] == ["dependency/licence_register", "0/15"] or "3000 ms" in lines[2]
    assert lines[-1] == "there was no warning yet"


@settings(deadline=None)
@given(st.lists(st.floats(1, 100_000), min_size=30, max_size=300))
def test_a_quantile_is_right_to_a_bucket(values: list[float]) -> None:
    counts: dict[int, int] = {FAILED: 3}
    for ms in values:
        counts[bucket_of(ms)] = counts.get(bucket_of(ms), 0) + 1
    found = Usual(counts)

    middle = sorted(values)[-(-len(values) // 2) - 1]

    assert found.middle_ms == pytest.approx(middle, rel=0.05)
    assert found.spread >= 1
    scores = [found.z(ms) for ms in sorted(values)]
    assert scores == sorted(scores)
    assert -2 <= scores[0] <= scores[-1] <= 5


def test_before_enough_was_seen_nothing_is_usual() -> None:
    found = Usual({10: 29})

    assert (found.known, found.middle_ms, found.spread) == (False, 0.0, 1.0)


@pytest.mark.parametrize("said", ["0", "-1", "x", "nan", "inf"])
def test_a_budget_that_is_none_is_named(said: str) -> None:
    with pytest.raises(WrongBudget, match="VOUCH_EARLY_WARNING_STEP_BUDGET_MS"):
        budgets({"VOUCH_EARLY_WARNING_STEP_BUDGET_MS": said})


def test_budgets_are_the_products_own_where_none_is_set() -> None:
    assert budgets({}) == Budgets(8_000, 15_000)
    assert budgets({"VOUCH_EARLY_WARNING_CASE_BUDGET_MS": "20000"}).of("case/all") == 20_000
