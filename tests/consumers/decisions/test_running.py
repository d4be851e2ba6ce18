"""The service beside a running product: it finds the door, and finds it again when it has moved."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from consumers.decisions.service import SPEC
from subscriber.serving import ServiceSettings, main, run
from tests.consumers.decisions.histories import checks, evidence, line, opening, short
from tests.consumers.door import door, write_run_file
from tests.consumers.journal import MemoryJournal


@contextmanager
def serving(folder: Path) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(SPEC, ServiceSettings("decisions", folder), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)


def waited_for(holds: Callable[[], bool]) -> bool:
    until_s = time.monotonic() + 10
    while not holds() and time.monotonic() < until_s:
        time.sleep(0.01)
    return holds()


def decided(journal: MemoryJournal) -> bool:
    return [short(message) for message in journal.said("case", "decisions.decision")] == ["approve final"]


def clear_case() -> MemoryJournal:
    return MemoryJournal(line(*opening("full"), evidence("front"), *checks(on=3)))


def test_it_decides_what_it_reads_through_the_door(tmp_path: Path) -> None:
    journal = clear_case()

    with door(journal) as url, serving(tmp_path):
        write_run_file(tmp_path, url, "decisions")

        assert waited_for(lambda: decided(journal))


def test_it_follows_a_product_that_has_moved(tmp_path: Path) -> None:
    journal = MemoryJournal()

    with serving(tmp_path):
        with door(journal) as url:
            write_run_file(tmp_path, url, "decisions")
            assert waited_for((tmp_path / "decisions.sqlite3").exists)
        journal.append(clear_case().records)
        with door(journal) as url:
            write_run_file(tmp_path, url, "decisions")

            assert waited_for(lambda: decided(journal))


def test_the_lag_is_told_through_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VOUCH_DATA", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["decisions", "lag"])

    with door(clear_case()) as url:
        write_run_file(tmp_path, url, "decisions")
        code = main(SPEC)

    assert code == 0
    assert capsys.readouterr().out.startswith("at 0 of 12: 12 behind, ")


def test_a_replay_beside_the_running_service_is_taken_over_by_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "consumers.decisions", "replay"]
    journal = MemoryJournal(line(*opening("full"), evidence("front")))

    with door(journal) as url, serving(tmp_path):
        write_run_file(tmp_path, url, "decisions")
        assert waited_for((tmp_path / "decisions.sqlite3").exists)
        assert waited_for(lambda: _held(tmp_path / "decisions.sqlite3") == 1)
        replayed = subprocess.run(
            command,
            env={**os.environ, "VOUCH_DATA": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        journal.append(clear_case().records)

        assert waited_for(lambda: decided(journal))

    assert "goes on as the new one" in replayed.stdout
    assert _held(tmp_path / "decisions.v2.sqlite3") == 1


def _held(file: Path) -> int:
    """Count the cases that a version of the service's database holds."""
    with closing(sqlite3.connect(file)) as database:
        try:
            return int(database.execute("SELECT count(*) FROM dockets").fetchone()[0])
        except sqlite3.OperationalError:
            return 0
