"""Counts the signals of each case, each message once; a case is reported once, also without the window."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Final

from subscriber import SqliteStore, Store
from subscriber.kafka import KafkaSettings
from subscriber.kafka.foreign import Foreign, ForeignTopic, NotUnderstood
from subscriber.window import DurableKeys, Window

__all__ = ["NAME", "TOPIC", "Signals"]

NAME: Final = "device-signals"
TOPIC: Final = "device-signals"
# Their producer gives up after two minutes; the widest repeat measured took 95 s.
LONGEST_REPEAT: Final = timedelta(minutes=5)
_REPORTED_AT: Final = 3


class Signals:
    """The service's rows: how often each signal was seen in each case, and which cases were reported."""

    def __init__(self, database: Path) -> None:
        self.store = SqliteStore(database)
        self.window = Window(self.store, NAME, longest=LONGEST_REPEAT)
        self._reported = DurableKeys(self.store, NAME)
        with self.store.transaction():
            self.store.execute(
                "CREATE TABLE IF NOT EXISTS device_signal "
                "(subject TEXT NOT NULL, name TEXT NOT NULL, times INTEGER NOT NULL, "
                "PRIMARY KEY (subject, name))"
            )
            self.store.execute("CREATE TABLE IF NOT EXISTS device_report (subject TEXT NOT NULL)")

    def follow(self, settings: KafkaSettings) -> ForeignTopic:
        """Follow the team's topic; `step(self.hear)` handles what has come."""
        return ForeignTopic(settings, TOPIC, self.store, self.window)

    def hear(self, message: Foreign, store: Store) -> None:
        """Count a signal; a case with three is reported, and never twice.

        Raises:
            NotUnderstood: it is no signal.
        """
        case, name = _read(message.value)
        ((times,),) = store.execute(
            "INSERT INTO device_signal VALUES (?, ?, 1) "
            "ON CONFLICT (subject, name) DO UPDATE SET times = device_signal.times + 1 RETURNING times",
            (case, name),
        )
        if times >= _REPORTED_AT and self._reported.is_new(case):
            store.execute("INSERT INTO device_report VALUES (?)", (case,))

    def counted(self) -> dict[tuple[str, str], int]:
        """Tell how often each signal was seen in each case."""
        rows = self.store.execute("SELECT subject, name, times FROM device_signal")
        return {(str(case), str(name)): int(times) for case, name, times in rows}

    def reported(self) -> list[str]:
        """List the cases that were reported, in order."""
        return [
            str(case) for (case,) in self.store.execute("SELECT subject FROM device_report ORDER BY rowid")
        ]


def _read(value: bytes) -> tuple[str, str]:
    try:
        said = json.loads(value)
        return str(said["case"]), str(said["signal"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotUnderstood(f"it is no signal: {type(error).__name__}") from error
