"""A service whose new version fails on every event: `python -m tests.complaints.bad_deploy FOLDER`."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Handler, Runner, SqliteStore
from subscriber.kafka import kafka_settings, kafka_source
from tests.subscriber.groups import STREAMS
from tests.subscriber.makers import Bench, Said

__all__ = ["main"]


def _fails(*_given: object) -> None:
    raise ValueError


def main(folder: Path) -> None:
    """Follow until the breaker stops it."""
    bench = Bench(folder)
    data = (folder / "journal").read_bytes()
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        bench.journal.records.append(Record.FromString(data[4:end]))
        data = data[end:]
    settings = kafka_settings(os.environ)
    assert settings is not None
    store = SqliteStore(bench.path)
    failing = bench.subscriber(Handler((v.CaseSubmitted,), _fails))
    source = kafka_source(settings, "s", STREAMS, bench.journal)
    Runner([failing], source, store, Said(store)).run(threading.Event())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
