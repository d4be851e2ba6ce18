"""An installation with pictures waiting, a relay to Kafka, and processes that share one step."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from config.ports import free_port
from config.supervisor import die_with_parent
from deploy.servers.kafka import KafkaServer

__all__ = ["STEP", "StepWorld"]

STEP = "classify_front"
_CLASSIFIED = "vouch.verification.v1.DocumentClassified"


class StepWorld:
    """A data folder of its own and the processes that work on it; they end with it."""

    def __init__(self, data: Path, kafka: KafkaServer) -> None:
        self._journal = data / "main.sqlite3"
        self._environment = {
            **os.environ,
            **kafka.environment(),
            "VOUCH_DATA": str(data),
            "VOUCH_WORKERS": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            # A worker is one core: more would measure the libraries' threads.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        self._running: list[subprocess.Popen[bytes]] = []
        self._run("manage.py", "prepare", "--door-port", str(free_port()))

    def __enter__(self) -> StepWorld:
        """Carry the journal to Kafka."""
        self._start("manage.py", "relay")
        return self

    def __exit__(self, *_error: object) -> None:
        """End every process."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def add_pictures(self, count: int) -> None:
        """Have a licence received in each of so many new cases."""
        self._run("-m", "benchmarks.step_pictures", str(count))

    def add_worker(self) -> subprocess.Popen[bytes]:
        """Start one more process that shares the step."""
        return self._start("manage.py", "pipeline", "--steps", STEP, "--from", "kafka")

    def classified(self) -> dict[str, int]:
        """How often each case's picture was classified."""
        with closing(sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True)) as journal:
            asked = "SELECT partition_key, count(*) FROM journal WHERE type = ? GROUP BY partition_key"
            return dict(journal.execute(asked, (_CLASSIFIED,)).fetchall())

    def shares(self) -> dict[int, int]:
        """How many partitions were claimed how often: a claim is a turn."""
        with closing(sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True)) as journal:
            asked = "SELECT turn, count(*) FROM subscriber_partition WHERE subscriber = ? GROUP BY turn"
            return dict(journal.execute(asked, (f"step.{STEP}",)).fetchall())

    def wait(self, count: int, within_s: float = 120) -> None:
        """Wait until so many pictures are classified.

        Raises:
            TimeoutError: they are not in time.
        """
        until_s = time.monotonic() + within_s
        while len(self.classified()) < count:
            if time.monotonic() > until_s:
                raise TimeoutError(f"{len(self.classified())} of {count} pictures after {within_s} s")
            time.sleep(0.02)

    def _run(self, *words: str) -> None:
        subprocess.run([sys.executable, *words], env=self._environment, check=True)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *words],
            env=self._environment,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one thread starts them all
        )
        self._running.append(process)
        return process
