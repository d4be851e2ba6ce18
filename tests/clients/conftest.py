"""One feed server for the session, and each language's client, built once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.authorities import identities
from tests.clients.feed import Feed, FeedServer, feed_server
from tests.clients.following import Run, start
from tests.clients.languages import LANGUAGES, Client, build

MANY = 3_000


@dataclass(frozen=True, slots=True)
class Follower:
    """Starts a language's client with waits so short that a test can see many of them."""

    client: Client
    folder: Path
    longest_wait_s: str = "0.02"

    def __call__(self, url: str, *arguments: str, key: str = "", **environment: str) -> Run:
        """Start it; give `--longest-wait` again to wait for longer."""
        given = ["--url", url, *arguments]
        if "--longest-wait" not in arguments:
            given += ["--longest-wait", self.longest_wait_s]
        return start(self.client, self.folder, given, key=key, **environment)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, object]]]:
    """Give the private authority's file, and the options of listeners with every kind of certificate."""
    file, found = identities(tmp_path_factory.mktemp("authority"))
    return file, {name: identity.options() for name, identity in found.items()}


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, authority: tuple[Path, dict[str, dict[str, object]]]
) -> Iterator[FeedServer]:
    """Run the real feed: in clear, with planned cuts, and with every kind of certificate."""
    listeners: dict[str, dict[str, object]] = {"plain": {}, "brief": {"max_age_s": 0.3}, **authority[1]}
    with feed_server(tmp_path_factory.mktemp("feed") / "data", listeners) as running:
        yield running


@pytest.fixture(scope="session")
def many(server: FeedServer) -> Feed:
    """Give a feed of many records that nobody changes."""
    return server.feed(MANY)


@pytest.fixture(scope="session")
def lines(many: Feed) -> list[str]:
    """Give the lines of that feed as the server sends them."""
    found = many.lines()
    assert [json.loads(line)["number"] for line in found] == list(range(1, MANY + 1))
    return found


@pytest.fixture(scope="session", params=sorted(LANGUAGES))
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """Give a language's client, built once; skipped where its sources or tools are not there."""
    name: str = request.param
    return build(name, tmp_path_factory.mktemp(name))


@pytest.fixture
def follow(client: Client, tmp_path: Path) -> Follower:
    """Start the client's command line."""
    return Follower(client, tmp_path)


@pytest.fixture(scope="session")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder in which the TypeScript client was built; skipped as its contract is."""
    return Path(build("node", tmp_path_factory.mktemp("typescript")).command[-1]).parents[1]
