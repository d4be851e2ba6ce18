"""The service on its own file: it warns once, ends it once, and says nothing of a past that is over."""

from __future__ import annotations

from pathlib import Path

import pytest

from consumers.early_warning.rows import add_seen
from consumers.early_warning.seeing import Seen
from protocol.envelope import Event
from protocol.schemas import early_warning_v1_pb2 as warning
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import Store
from tests.consumers.early_warning.stories import (
    ABOUT,
    RISES_AT,
    at_us,
    called,
    calls,
    event,
    finished,
    in_order,
    quiet,
    rising,
    running,
    said,
    settle_until,
)
from tests.consumers.journal import EPOCH, MemoryJournal

QUIET = quiet()


def play(folder: Path, journal: MemoryJournal, events: list[Event], until: int) -> None:
    """Have events come one after another, the service told the time as it goes."""
    events, before = in_order(events), 0
    with running(folder, journal, 0) as service:
        # The quiet time at once, all else look by look.
        for second in range(RISES_AT - 60, until + 1, 5):
            due = [e for e in events if at_us(before) <= _us(e) < at_us(second)]
            before = second
            journal.append(MemoryJournal(due).records)
            service.clock_us = at_us(second)
            service.settle()


def _us(one: Event) -> int:
    return one.envelope.record.occurred_at_us


def kinds(journal: MemoryJournal, about: str = ABOUT) -> list[str]:
    return [type(message).__name__ for message in said(journal, about)]


def test_a_rise_is_told_before_the_first_missed_budget_with_all_that_staff_need(tmp_path: Path) -> None:
    journal = MemoryJournal()
    # 3 s are reached after 171 s of rising.
    events = [*QUIET, *rising(RISES_AT + 165), event(verification.CaseSubmitted(by="client"), 1_820, "open")]

    play(tmp_path, journal, events, RISES_AT + 165)

    (heads_up,) = said(journal)
    assert isinstance(heads_up, warning.WarningRaised)
    assert heads_up.trouble == "slow"
    assert 980 < heads_up.usual_ms < 1_050
    assert heads_up.level_ms > 1_400
    assert heads_up.trend_ms_per_min == pytest.approx(700, rel=0.3)
    assert heads_up.budget_ms == 3_000
    assert at_us(RISES_AT + 60) < heads_up.missed_at_us < at_us(RISES_AT + 260)
    assert at_us(RISES_AT - 60) < heads_up.since_us < heads_up.raised_at_us < at_us(RISES_AT + 120)
    assert "open" in heads_up.cases
    assert heads_up.waiting >= 1
    assert "The dependency licence_register: " in heads_up.explanation
    assert "one in twenty misses the budget of 3.0 s" in heads_up.explanation


def test_a_warning_ends_once_when_it_is_well_again(tmp_path: Path) -> None:
    journal = MemoryJournal()
    over = calls(range(RISES_AT + 165, RISES_AT + 900, 10), 1_000)

    play(tmp_path, journal, [*QUIET, *rising(RISES_AT + 165), *over], RISES_AT + 900)

    raised, ended = said(journal)
    assert isinstance(ended, warning.WarningEnded)
    assert ended.because == "well"
    assert ended.warning_id == _ids(journal)[0]
    assert ended.lasted_s == pytest.approx((ended.ended_at_us - raised.raised_at_us) / 1e6)  # type: ignore[attr-defined]
    assert "is well again" in ended.explanation


def _ids(journal: MemoryJournal) -> list[str]:
    from uuid import UUID  # noqa: PLC0415

    return [str(UUID(bytes=r.id)) for r in journal.records if r.stream == "operations.warning"]


def test_a_subject_that_nobody_asks_for_any_more_is_not_warned_of_for_ever(tmp_path: Path) -> None:
    journal = MemoryJournal()
    play(tmp_path, journal, [*QUIET, *rising(RISES_AT + 165)], RISES_AT + 170)

    with running(tmp_path, journal, RISES_AT + 170) as service:
        settle_until(service, RISES_AT + 170 + 1_900, every_s=25)

    assert kinds(journal) == ["WarningRaised", "WarningEnded"]
    assert said(journal)[1].because == "quiet"  # type: ignore[attr-defined]


def test_killed_at_any_look_it_warns_once(tmp_path: Path) -> None:
    journal = MemoryJournal()
    events = in_order([*QUIET, *rising(RISES_AT + 165)])

    for second in range(RISES_AT, RISES_AT + 170, 5):
        came = [e for e in events if _us(e) < at_us(second)]
        journal.append(MemoryJournal(came).records)
        with running(tmp_path, journal, second) as service:
            settle_until(service, second + 5)

    assert kinds(journal) == ["WarningRaised"]


def test_a_database_that_was_lost_is_made_again_and_nothing_is_said_twice(tmp_path: Path) -> None:
    journal = MemoryJournal()
    play(tmp_path / _made(tmp_path, "one"), journal, [*QUIET, *rising(RISES_AT + 165)], RISES_AT + 170)

    with running(tmp_path / _made(tmp_path, "other"), journal, RISES_AT + 175) as service:
        settle_until(service, RISES_AT + 200)
        standing = service.store.execute("SELECT about, ended_us FROM warnings")

    assert standing == [(ABOUT, 0)]
    assert kinds(journal) == ["WarningRaised"]


def _made(folder: Path, name: str) -> str:
    (folder / name).mkdir()
    return name


def test_started_after_it_is_over_it_says_nothing_of_it(tmp_path: Path) -> None:
    over = calls(range(RISES_AT + 600, RISES_AT + 3_000, 20), 1_000)
    journal = MemoryJournal(in_order([*QUIET, *rising(RISES_AT + 600), *over]))

    with running(tmp_path, journal, RISES_AT + 3_000) as service:
        settle_until(service, RISES_AT + 3_060)

    assert kinds(journal) == []


def test_started_while_it_lasts_it_warns_of_it(tmp_path: Path) -> None:
    journal = MemoryJournal(in_order([*QUIET, *rising(RISES_AT + 300)]))

    with running(tmp_path, journal, RISES_AT + 305) as service:
        settle_until(service, RISES_AT + 320)

    assert kinds(journal) == ["WarningRaised"]


def test_calls_that_begin_and_never_end_are_noticed_though_nothing_comes(tmp_path: Path) -> None:
    hung = [called(RISES_AT + n, 1_000, case=f"hung-{n}")[0] for n in range(4)]
    journal = MemoryJournal(in_order([*QUIET, *hung]))

    with running(tmp_path, journal, RISES_AT + 4) as service:
        settle_until(service, RISES_AT + 20)

    (heads_up,) = said(journal)
    assert isinstance(heads_up, warning.WarningRaised)
    assert heads_up.trouble == "stuck"
    assert list(heads_up.cases)[:4] == ["hung-0", "hung-1", "hung-2", "hung-3"]


def test_cases_that_nobody_finishes_are_told_before_their_time_is_over(tmp_path: Path) -> None:
    done = [e for n in range(60) for e in finished(20 * n, f"done-{n}", took_s=3)]
    left = [event(verification.CaseSubmitted(by="client"), 1_200 + n, f"left-{n}") for n in range(3)]
    journal = MemoryJournal(in_order([*done, *left]))

    with running(tmp_path, journal, 1_205) as service:
        settle_until(service, 1_230)

    (heads_up,) = said(journal, "case/all")
    assert isinstance(heads_up, warning.WarningRaised)
    assert heads_up.trouble == "stuck"
    assert heads_up.raised_at_us <= at_us(1_200 + 15 + 2)
    assert list(heads_up.cases) == ["left-0", "left-1", "left-2"]


def test_a_burst_of_failures_is_told_and_two_of_them_are_not(tmp_path: Path) -> None:
    burst = [e for n in range(6) for e in called(RISES_AT + 3 * n, 40, case=f"f{n}", failed=True)]
    journal, other = MemoryJournal(), MemoryJournal()

    play(tmp_path / _made(tmp_path, "six"), journal, [*QUIET, *burst], RISES_AT + 30)
    play(tmp_path / _made(tmp_path, "two"), other, [*QUIET, *burst[:4]], RISES_AT + 30)

    assert [m.trouble for m in said(journal)] == ["failing"]  # type: ignore[attr-defined]
    assert said(other) == []


def test_lost_statistics_are_worth_a_warning_and_its_end(tmp_path: Path) -> None:
    journal = MemoryJournal(in_order(QUIET))
    with running(tmp_path, journal, 1_800) as service:
        lose(service.store, 1_799, 400)
        settle_until(service, 1_810)
        settle_until(service, 2_500, every_s=25)

    assert kinds(journal, "statistics/all") == ["WarningRaised", "WarningEnded"]
    assert "400 statistics were lost" in said(journal, "statistics/all")[0].explanation  # type: ignore[attr-defined]


def lose(store: Store, second: float, count: int) -> None:
    with store.transaction():
        add_seen(store.execute, "statistics/all", Seen(at_us(second), float(count)), "1")


def test_all_that_it_says_is_its_own_and_of_no_client(tmp_path: Path) -> None:
    journal = MemoryJournal()
    play(tmp_path, journal, [*QUIET, *rising(RISES_AT + 165)], RISES_AT + 170)

    (record,) = [r for r in journal.records if r.stream == "operations.warning"]

    assert (record.source, record.client, record.subject, record.epoch) == (
        "early_warning",
        "house",
        ABOUT,
        EPOCH,
    )
