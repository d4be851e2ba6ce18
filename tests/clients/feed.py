"""A test's side of the feed server: starts it, and tells it what should happen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

__all__ = ["Feed", "FeedServer", "feed_server"]

_ROOT = Path(__file__).resolve().parents[2]


class FeedServer:
    """A running feed server; `ports` tells each listener's."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.ports: dict[str, int] = self._read()

    def feed(self, records: int) -> Feed:
        """Add a client with so many records."""
        return Feed(self, **self.ask(do="open", records=records))

    def seen(self, listener: str) -> dict[str, int]:
        """Count a listener's requests, those with a credential, and those that are open."""
        found: dict[str, int] = self.ask(do="seen", at=listener)
        return found

    def url(self, listener: str = "plain") -> str:
        """Give the address of a listener in clear."""
        return f"http://127.0.0.1:{self.ports[listener]}"

    def ask(self, **command: object) -> Any:
        """Have a command obeyed; gives its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the feed server has ended: see its standard error"
        return json.loads(line)


@dataclass(frozen=True, slots=True)
class Feed:
    """One client's feed on the server, and the client's key."""

    server: FeedServer
    feed: str
    key: str
    epoch: str

    def add(self, records: int) -> None:
        """Write so many records more."""
        self.server.ask(do="add", feed=self.feed, records=records)

    def event(self) -> None:
        """Have the feed writer write a case's three records."""
        self.server.ask(do="event", feed=self.feed)

    def forget(self, oldest: int) -> None:
        """Let retention take what lies before a number."""
        self.server.ask(do="forget", feed=self.feed, oldest=oldest)

    def revoke(self) -> None:
        """Revoke the client's key."""
        self.server.ask(do="revoke", feed=self.feed)

    def lines(self, **query: str) -> list[str]:
        """Give the lines of the records as the server sends them, without any client in between."""
        wish = {"from": "1", "until": "caught_up", **query}
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = httpx.get(f"{self.server.url()}/v1/feed", params=wish, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return [line for line in answer.text.split("\n") if line.startswith('{"frame":"record"')]


@contextmanager
def feed_server(folder: Path, listeners: Mapping[str, Mapping[str, object]]) -> Iterator[FeedServer]:
    """Run a feed server with its state in a folder."""
    command = [sys.executable, "-m", "tests.clients.feed_process", str(folder), json.dumps(listeners)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VOUCH_")}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    with (
        (folder.parent / f"{folder.name}.log").open("w") as log,
        subprocess.Popen(
            command,
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            yield FeedServer(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
