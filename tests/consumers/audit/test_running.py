"""The service beside a running product, as its process is: through the door, also where there is a Kafka."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from consumers.audit import publishing
from consumers.audit.files import HeadsFile
from consumers.audit.log import last
from consumers.audit.service import SPEC
from subscriber.kafka import KafkaSettings
from subscriber.serving import ServiceSettings, run
from tests.consumers.audit.makers import opened_log
from tests.consumers.decisions.histories import evidence, line, opening
from tests.consumers.door import door, write_run_file
from tests.consumers.journal import MemoryJournal


@contextmanager
def serving(folder: Path) -> Iterator[None]:
    nowhere = KafkaSettings(bootstrap="127.0.0.1:1")
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(SPEC, ServiceSettings("audit", folder, kafka=nowhere), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)


def waited_for(holds: Callable[[], bool]) -> bool:
    until_s = time.monotonic() + 20
    while not holds() and time.monotonic() < until_s:
        time.sleep(0.02)
    return holds()


def logged(folder: Path) -> int:
    with opened_log(folder / "audit.sqlite3") as store:
        kept = last(store)
        return kept.entry.number if kept else 0


def test_it_logs_through_the_door_and_says_heads_that_it_logs_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(publishing, "_EVERY_S", 0.3)
    journal = MemoryJournal(line(*opening("full"), evidence("front")))

    with door(journal) as url, serving(tmp_path):
        write_run_file(tmp_path, url, "audit")

        assert waited_for(lambda: len(journal.records) > 3 and logged(tmp_path) == len(journal.records))
        time.sleep(1)
        said = len(journal.records)
        time.sleep(1)

        assert (logged(tmp_path), len(journal.records)) == (said, said)
    assert HeadsFile(tmp_path / "audit" / "heads.jsonl").all()[-1].entries >= 3
    assert journal.records[-1].type == "vouch.audit.v1.HeadPublished"
    assert "audit: follows the journal at http" in capsys.readouterr().err
