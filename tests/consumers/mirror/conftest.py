"""A feed, a topic, and mirrors in processes of their own between the two."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka import Message

from tests.clients.feed import Feed, FeedServer, feed_server
from tests.servers.kafka import Cluster

_ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Mirrors:
    """Starts mirrors of one feed to one topic; what one notes, the next goes on from."""

    folder: Path
    kafka: Cluster
    topic: str
    feed: Feed
    url: str = ""
    more: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        """Start one; its words go to a file."""
        process = self.command("run")
        self.running.append(process)
        return process

    def command(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command of the service."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("VOUCH_")},
            "PYTHONPATH": f"{_ROOT}:{_ROOT / 'clients' / 'python'}",
            "VOUCH_DATA": str(self.folder),
            "VOUCH_MIRROR_URL": self.url or self.feed.server.url(),
            "VOUCH_MIRROR_KEY": self.feed.key,
            "VOUCH_MIRROR_KAFKA": self.kafka.settings.bootstrap,
            "VOUCH_MIRROR_TOPIC": self.topic,
            **self.more,
        }
        with (self.folder / "said").open("ab") as said, (self.folder / "out").open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "consumers.mirror", *words],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=said,
            )

    def said(self) -> str:
        """Give what all of them have written on standard error."""
        return (self.folder / "said").read_text()

    def position(self, *cursor: str) -> str:
        """Have the checkpoint shown, or set."""
        assert self.command("position", *cursor).wait(20) == 0, self.said()
        return (self.folder / "out").read_text().strip()

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """Ask one to end; gives its exit code."""
        process.send_signal(signal.SIGTERM)
        return process.wait(20)

    def messages(self) -> list[Message]:
        """Read the topic, partition by partition."""
        return self.kafka.read([self.topic])


@pytest.fixture(scope="session")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeedServer]:
    """Run a feed server in clear."""
    with feed_server(tmp_path_factory.mktemp("feed") / "data", {"plain": {}}) as running:
        yield running


@pytest.fixture
def mirrors(tmp_path: Path, feeds: FeedServer, kafka: Cluster) -> Iterator[Mirrors]:
    """Give a feed of 1,200 records, a topic of three partitions, and mirrors between them."""
    made = Mirrors(tmp_path, kafka, kafka.topic(partitions=3), feeds.feed(1_200))
    try:
        yield made
    finally:
        for process in made.running:
            process.kill()
            process.wait()
