"""The real web process alone, in a folder of its own: for what only a process by itself can show."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from config.environment import ROOT
from config.ports import free_ports
from protocol.ids import to_us
from streaming.words import encode, rfc3339

__all__ = ["WebAlone", "web_alone"]

_START_S = 90
_CASE = "0190f3a0-0000-7000-8000-0000000000c1"


@dataclass(frozen=True)
class WebAlone:
    """A web process without a feed writer: records are put under its eyes by `tell`.

    `client` is the id of the one client, `key` its key.
    """

    address: str
    data: Path
    process: subprocess.Popen[bytes]
    client: str
    key: str

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def rss_mb(self) -> float:
        """What the process holds in memory, without what it shares with others."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024

    def tell(self, count: int) -> int:
        """Write so many records more, in one transaction; gives the last number."""
        feed, now_us = f"{self.client}:live", to_us(datetime.now(UTC))
        body = encode(
            {"kind": "case", "case": _CASE, "reference": "order-1", "live": True}
            | {"recorded_at": rfc3339(now_us), "final": False, "data": {"status": "open" + "." * 400}}
        )
        with closing(sqlite3.connect(self.data / "feed.sqlite3", timeout=20)) as rows, rows:
            query = "SELECT coalesce(max(number), 0) FROM streaming_feedrecord WHERE feed = ?"
            (last,) = rows.execute(query, (feed,)).fetchone()
            rows.executemany(
                "INSERT INTO streaming_feedrecord VALUES (?, ?, 0, 'case', ?, ?, 0, ?, x'', '')",
                ((feed, n, _CASE, now_us, body) for n in range(last + 1, last + count + 1)),
            )
            rows.execute(
                "INSERT INTO streaming_feedhead (feed, epoch, oldest, head, position)"
                " VALUES (?1, 'e0e0e0e0', 1, ?2, ?2) ON CONFLICT (feed) DO UPDATE"
                " SET head = excluded.head, position = excluded.position",
                (feed, last + count),
            )
        return int(last) + count


@pytest.fixture(scope="session")
def web_alone() -> Iterator[WebAlone]:
    with tempfile.TemporaryDirectory(prefix="vouch-web-") as folder:
        port, door_port = free_ports(2)
        environment = os.environ | {
            "VOUCH_DATA": folder,
            "PORT": str(port),
            "VOUCH_DOOR_PORT": str(door_port),
            "VOUCH_HOSTS": "verify.example.com",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        _manage(environment, "prepare", "--door-port", str(door_port))
        client, *_, key = _manage(environment, "client", "add", "Acme").split()
        process = subprocess.Popen([sys.executable, "-m", "config.web"], cwd=ROOT, env=environment)
        try:
            _wait_until_there(f"http://127.0.0.1:{port}/healthz", process)
            yield WebAlone(f"127.0.0.1:{port}", Path(folder), process, client, key)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _manage(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def _wait_until_there(url: str, process: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + _START_S
    while time.monotonic() < end_s and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the web process did not come up")
