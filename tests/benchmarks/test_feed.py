"""The feed's benchmark: its small form prints every claim; its counts tell a sound run from a broken one."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from benchmarks.feed.__main__ import DATABASES, measure
from benchmarks.feed.counting import Counts, Moments, Read, Reader, counted, delays_ms
from benchmarks.feed.measuring import Sizes

_SMALL = Sizes(connections=8, rounds=1, seconds=0.5, sockets=2, records=600)
_OWN, _FAN_OUT, _PARTITIONS, _FORMS, _WRONG = 1, 3, 3, 3, 4
_ON_EACH = _OWN + _FAN_OUT + _PARTITIONS + _FORMS + _WRONG
Claim = dict[str, Any]


def _read(*arrivals: tuple[int, int, int], ended: str = "") -> Read:
    reader = Reader(count=0, first=0, last=0, gaps=0, doubled=0, ended=ended)
    return Read([reader], Moments(np.array(arrivals, dtype=np.int64)), began_ns=0)


def test_a_whole_run_counts_nothing_wrong() -> None:
    assert counted(_read((0, 1, 5), (1, 1, 6)), 2) == Counts(wanted=2)


def test_a_record_that_never_came_is_lost() -> None:
    assert counted(_read((0, 1, 5)), 2) == Counts(wanted=2, lost=1)


def test_a_record_that_came_to_two_partitions_is_doubled() -> None:
    assert counted(_read((0, 1, 5), (1, 1, 6)), 1, shared=True) == Counts(wanted=1, doubled=1)


def test_a_stream_that_broke_off_is_counted() -> None:
    assert counted(_read((0, 1, 5), ended="closed 1011"), 1).ended == 1


def test_a_delay_is_from_a_clients_own_commit() -> None:
    commits = Moments(np.array([(7, 1, 1_000_000), (8, 1, 9_000_000)], dtype=np.int64))
    assert delays_ms(_read((0, 1, 3_000_000)), commits, lambda _: 7) == [2.0]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_without_go_the_clients_in_python_see_the_same(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCH_BENCH_CLIENTS", "python")

    measure(_SMALL, databases=("sqlite",))

    claims = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert len(claims) == _ON_EACH
    assert [claim for claim in _wrong(claims) if not claim["met"]] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_its_small_form_prints_every_claim_and_loses_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    measure(_SMALL)

    claims = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert len(claims) == (len(DATABASES) - 1) * _ON_EACH + _OWN + _WRONG
    assert len(_wrong(claims)) == len(DATABASES) * _WRONG
    assert [claim for claim in _wrong(claims) if not claim["met"]] == []


def _wrong(claims: list[Claim]) -> list[Claim]:
    return [claim for claim in claims if claim["claim"].startswith(("records ", "holes ", "streams that"))]
