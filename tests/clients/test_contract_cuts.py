"""A thousand cuts in the middle of frames: every client prints each record once, in order per case."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.clients.conftest import Follower
from tests.clients.feed import Feed
from tests.clients.following import Done, Run
from tests.clients.proxy import Proxy, cutting

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

CUTS_OF_THE_WHOLE, CUTS_OF_PARTS = 350, 650


def by_case(lines: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for line in lines:
        record = json.loads(line)
        found.setdefault(record["case"], []).append(record["number"])
    return found


def ended(runs: Sequence[Run]) -> list[Done]:
    done = [run.done() for run in runs]
    assert [(each.code, each.said) for each in done] == [(0, "")] * len(runs)
    return done


def test_one_follower_cut_hundreds_of_times_prints_each_record_once_in_order(
    follow: Follower, many: Feed, lines: list[str]
) -> None:
    with cutting(many.server.ports["plain"], cut_after=(100, 6_500)) as proxy:
        (done,) = ended([follow(proxy.url, "--from", "1", "--until", "caught_up", key=many.key)])

    assert proxy.cuts >= CUTS_OF_THE_WHOLE
    assert done.lines == lines


class Parts:
    """Followers of the parts of one feed behind a cutting proxy, each with a checkpoint of its own."""

    def __init__(self, follow: Follower, proxy: Proxy, feed: Feed, folder: Path) -> None:
        self._follow, self._proxy, self._feed, self._folder = follow, proxy, feed, folder
        self.printed: list[str] = []

    def place(self, i: int, n: int) -> Path:
        return self._folder / f"checkpoint-{i}-{n}"

    def read(self, n: int, *until: str) -> None:
        """Follow all n parts, one process each, until each has ended by itself."""
        runs = [
            self._follow(
                self._proxy.url, "--from", "1", "--partition", f"{i}/{n}",
                "--checkpoint", str(self.place(i, n)), *until, key=self._feed.key,
            )
            for i in range(n)
        ]  # fmt: skip
        self.printed += [line for done in ended(runs) for line in done.lines]

    def split(self, n: int, to: int) -> None:
        """Go over to more parts: each begins where the part began from which it was split."""
        for i in range(to):
            shutil.copy(self.place(i % n, n), self.place(i, to))


def test_parts_cut_hundreds_of_times_while_they_are_split_leave_nothing_out_and_repeat_nothing(
    follow: Follower, many: Feed, lines: list[str], tmp_path: Path
) -> None:
    with cutting(many.server.ports["plain"], cut_after=(100, 3_600)) as proxy:
        parts = Parts(follow, proxy, many, tmp_path)
        parts.read(1, "--limit", "800")
        parts.split(1, to=4)
        parts.read(4, "--limit", "250")
        parts.split(4, to=8)
        parts.read(8, "--until", "caught_up")

    assert proxy.cuts >= CUTS_OF_PARTS
    assert by_case(parts.printed) == by_case(lines)
