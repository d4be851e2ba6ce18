"""What every client's command line does with a feed that is well: the contract of all languages."""

from __future__ import annotations

import json
import re
import signal
from functools import partial
from pathlib import Path

import pytest

from tests.clients.conftest import MANY, Follower
from tests.clients.feed import Feed, FeedServer
from tests.clients.following import Run, cursors_once, numbers, waited_for
from tests.clients.proxy import cutting

pytestmark = pytest.mark.slow

FIELDS = {
    "records", "repeated", "holes", "gaps", "connections", "reconnects", "heartbeats", "bytes", "position",
    "head", "lag", "connected", "last_heard",
}  # fmt: skip


def _printed(run: Run, records: int) -> bool:
    return len(run.lines()) >= records


def _cut(server: FeedServer, already: int) -> bool:
    return server.seen("brief")["requests"] > already


def test_from_75_begins_with_75_and_prints_each_frame_as_the_line_it_came_as(
    follow: Follower, many: Feed, lines: list[str]
) -> None:
    done = follow(many.server.url(), "--from", "75", "--until", "caught_up", key=many.key).done()

    assert (done.code, done.said) == (0, "")
    assert done.lines == lines[74:]


def test_after_a_cursor_begins_with_the_next_record(follow: Follower, many: Feed, lines: list[str]) -> None:
    after = f"{many.epoch}-{MANY - 5}"

    done = follow(many.server.url(), "--after", after, "--limit", "3", key=many.key).done()

    assert (done.code, done.lines) == (0, lines[-5:-2])


def test_a_record_is_printed_as_it_comes_and_a_signal_ends_it_well(
    follow: Follower, server: FeedServer
) -> None:
    feed = server.feed(30)
    run = follow(server.url(), "--metrics", key=feed.key)
    assert waited_for(lambda: server.seen("plain")["open"] == 1)

    feed.event()
    assert waited_for(partial(_printed, run, 3))
    done = run.stop(signal.SIGINT)

    assert (done.code, numbers(done.lines)) == (0, [31, 32, 33])
    assert done.metrics.keys() >= FIELDS
    assert (done.metrics["records"], done.metrics["position"], done.metrics["lag"]) == (3, 33, 0)


def test_it_ends_after_so_many_seconds_with_nothing_to_read(follow: Follower, server: FeedServer) -> None:
    feed = server.feed(30)

    done = follow(server.url(), "--from", "earliest", "--wait", "1", key=feed.key).done()

    assert (done.code, numbers(done.lines)) == (0, list(range(1, 31)))


def test_a_limit_counts_over_every_connection(follow: Follower, many: Feed, lines: list[str]) -> None:
    with cutting(many.server.ports["plain"], cut_after=(1_500, 9_000)) as proxy:
        done = follow(proxy.url, "--from", "1", "--limit", "200", key=many.key).done()

    assert proxy.cuts >= 5
    assert (done.code, done.lines) == (0, lines[:200])


def test_the_parts_of_a_feed_are_each_of_its_cases_once(
    follow: Follower, many: Feed, lines: list[str]
) -> None:
    asked = ("--from", "1", "--until", "caught_up", "--partition")
    runs = [follow(many.server.url(), *asked, f"{i}/2", key=many.key) for i in range(2)]

    parts = [run.done() for run in runs]

    cases = [{json.loads(line)["case"] for line in part.lines} for part in parts]
    assert not cases[0] & cases[1]
    assert [numbers(part.lines) == sorted(numbers(part.lines)) for part in parts] == [True, True]
    assert sorted(number for part in parts for number in numbers(part.lines)) == numbers(lines)


def test_one_case_and_chosen_kinds_are_followed(follow: Follower, many: Feed, lines: list[str]) -> None:
    case = json.loads(lines[0])["case"]
    asked = ("--from", "1", "--until", "caught_up", "--kinds", "case,evidence", "--case", case)

    done = follow(many.server.url(), *asked, key=many.key).done()

    assert done.code == 0
    assert numbers(done.lines) == [n for n, x in enumerate(lines, 1) if json.loads(x)["case"] == case]
    assert not any("prev" in json.loads(line) for line in done.lines)


def test_a_planned_cut_is_followed_by_the_next_connection(follow: Follower, server: FeedServer) -> None:
    feed = server.feed(30)
    run = follow(server.url("brief"), "--from", "1", "--metrics", key=feed.key)
    cuts = 0
    for record in range(30, 60, 10):
        assert waited_for(partial(_printed, run, record))
        assert waited_for(partial(_cut, server, cuts))
        cuts = server.seen("brief")["requests"]
        feed.add(10)
    assert waited_for(partial(_printed, run, 60))

    done = run.stop()

    assert (done.code, numbers(done.lines)) == (0, list(range(1, 61)))
    assert done.metrics["reconnects"] >= 2
    assert done.metrics["repeated"] == done.metrics["holes"] == 0


def test_it_goes_on_from_its_checkpoint_when_it_was_killed(
    follow: Follower, many: Feed, lines: list[str], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint"
    asked = ("--from", "1", "--until", "caught_up", "--checkpoint", str(checkpoint))
    printed: list[str] = []
    with cutting(many.server.ports["plain"], cut_after=(2_000, 30_000)) as proxy:
        for _ in range(3):
            run = follow(proxy.url, *asked, "--longest-wait", "0.5", key=many.key)
            assert waited_for(partial(_printed, run, 250))
            run.kill()
            printed += run.lines()
        assert len(printed) < MANY, "killed too late to tell"
        done = follow(proxy.url, *asked, key=many.key).done()

    printed += done.lines
    assert done.code == 0
    assert cursors_once(printed) == cursors_once(lines)
    assert len(printed) <= MANY + 3, "more than the one record that was printed and not yet noted"
    assert re.fullmatch(rf"{many.epoch}-{MANY}\s*", checkpoint.read_text())
