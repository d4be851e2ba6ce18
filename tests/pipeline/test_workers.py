"""Vision processes: warm, replaced when they die or overrun, chosen by the pixels they have."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline import work
from verification.pipeline.workers import Failed, Job, Pool, Report

_LONG_S = 30.0


@pytest.fixture
def reports() -> list[Report]:
    return []


@pytest.fixture
def pool(reports: list[Report]) -> Iterator[Pool]:
    pool = Pool(2, warm_up=work.nothing, report=reports.append, deadline_s=0.5)
    yield pool
    pool.close()


def test_work_is_answered_by_a_process_that_is_not_ours(pool: Pool) -> None:
    answered = pool.submit(Job("step", work.answer, 41)).result(_LONG_S)

    assert answered == 42


def test_work_that_raises_is_tried_three_times_and_then_fails(pool: Pool, reports: list[Report]) -> None:
    failed = pool.submit(Job("step", work.fail, None)).result(_LONG_S)

    assert isinstance(failed, Failed)
    assert failed.reason == "step_failed"
    assert [report.attempt for report in reports] == [1, 2, 3]


def test_a_failure_says_its_type_but_not_what_was_read(pool: Pool) -> None:
    failed = pool.submit(Job("step", work.fail, None)).result(_LONG_S)

    assert isinstance(failed, Failed)
    assert "ValueError" in failed.detail
    assert "NAME" not in failed.detail


def test_work_that_overruns_its_deadline_is_killed_and_fails(pool: Pool, reports: list[Report]) -> None:
    failed = pool.submit(Job("step", work.sleep, 60.0)).result(_LONG_S)

    assert isinstance(failed, Failed)
    assert {report.outcome for report in reports} == {"overran"}


def test_work_whose_process_dies_is_done_again_by_a_new_one(pool: Pool, tmp_path: Path) -> None:
    answered = pool.submit(Job("step", work.die_once, str(tmp_path / "died"))).result(_LONG_S)

    assert answered == "answered"


def test_a_process_that_dies_each_time_ends_as_a_failure_not_as_silence(pool: Pool) -> None:
    failed = pool.submit(Job("step", work.die, None)).result(_LONG_S)

    assert isinstance(failed, Failed)


def test_the_pool_goes_on_after_its_processes_died(pool: Pool) -> None:
    pool.submit(Job("step", work.die, None)).result(_LONG_S)

    assert pool.submit(Job("step", work.answer, 1)).result(_LONG_S) == 2


def test_steps_on_one_picture_go_to_the_process_that_has_it(pool: Pool) -> None:
    first = pool.submit(Job("step", work.pid_of, None, affinity="picture")).result(_LONG_S)

    again = [
        pool.submit(Job("step", work.pid_of, None, affinity="picture")).result(_LONG_S) for _ in range(5)
    ]

    assert set(again) == {first}


def test_a_busy_owner_of_the_picture_does_not_hold_up_another_step_on_it(pool: Pool) -> None:
    pool.submit(Job("step", work.pid_of, None, affinity="picture")).result(_LONG_S)
    slow = pool.submit(Job("slow", work.sleep, 0.4, affinity="picture"))
    time.sleep(0.05)

    began_s = time.monotonic()
    pool.submit(Job("step", work.pid_of, None, affinity="picture")).result(_LONG_S)

    assert not slow.done() or time.monotonic() - began_s < 0.4


def test_among_waiting_jobs_the_most_urgent_goes_first(reports: list[Report]) -> None:
    pool = Pool(1, warm_up=work.nothing, report=reports.append)
    held = pool.submit(Job("held", work.sleep, 0.3))
    later = [pool.submit(Job(f"p{p}", work.answer, p, priority=p)) for p in (5, 1, 3)]

    for job in (held, *later):
        job.result(_LONG_S)
    pool.close()

    assert next(r.name for r in reports if r.name != "held") == "p1"


def test_every_try_is_reported_with_how_long_it_waited_and_worked(pool: Pool, reports: list[Report]) -> None:
    pool.submit(Job("step", work.sleep, 0.1)).result(_LONG_S)

    assert reports[0].worked_ms >= 100
    assert reports[0].waited_ms >= 0


def test_closing_the_pool_ends_its_processes(reports: list[Report]) -> None:
    pool = Pool(1, warm_up=work.nothing, report=reports.append)
    pool.submit(Job("step", work.answer, 1)).result(_LONG_S)

    pool.close()

    assert pool.pids == []
