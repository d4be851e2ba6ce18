"""How every client comes back: when it is told to, not before, and after what has gone silent."""

from __future__ import annotations

import pytest

from tests.clients.conftest import MANY, Follower
from tests.clients.feed import Feed
from tests.clients.following import numbers, waited_for
from tests.clients.proxy import cutting
from tests.clients.scripted import Answer, playing, problem, record, stream, welcome

pytestmark = pytest.mark.slow

REST = stream(welcome(), record(2), record(3), ends="clean")
# Clocks of two processes, and a start that took its time.
SLACK_S = 0.05


def goodbye(reason: str, wait_ms: int) -> Answer:
    said = {"frame": "bye", "reason": reason, "retry_after_ms": wait_ms}
    return stream(welcome(), record(1), said, ends="clean")


@pytest.mark.parametrize(
    ("first", "at_least_s"),
    [
        (goodbye("max_age", 1200), 1.2),
        (goodbye("shutdown", 1200), 1.2),
        (goodbye("expired", 0), 0.0),
        (goodbye("feed_behind", 1200), 1.2),
        (stream(welcome(), record(1), {"frame": "falling_behind", "retry_after_ms": 1200}, ends="cut"), 1.2),
    ],
)
def test_a_goodbye_is_answered_by_coming_back_not_sooner_than_asked(
    follow: Follower, first: Answer, at_least_s: float
) -> None:
    with playing(first, REST) as stage:
        asked = ("--from", "1", "--until", "caught_up", "--longest-wait", "1.5")
        done = follow(stage.url, *asked, key="k").done(20)

        assert (done.code, numbers(done.lines)) == (0, [1, 2, 3])
        assert stage.waits_s[0] >= at_least_s - SLACK_S
        assert "after=0badcafe-1" in stage.asked[1].target
        assert "from=" not in stage.asked[1].target


@pytest.mark.parametrize(("status", "code"), [(503, "unavailable"), (429, "rate_limited")])
def test_an_answer_that_names_a_time_to_wait_is_obeyed(follow: Follower, status: int, code: str) -> None:
    away = problem(status, code, {"Retry-After": "1"})
    with playing(away, stream(welcome(), record(1), ends="clean")) as stage:
        asked = ("--from", "1", "--until", "caught_up", "--longest-wait", "1.5")
        done = follow(stage.url, *asked, key="k").done(20)

        assert (done.code, numbers(done.lines)) == (0, [1])
        assert stage.waits_s[0] >= 1 - SLACK_S
        assert "from=1" in stage.asked[1].target


def test_no_wait_is_longer_than_the_longest(follow: Follower) -> None:
    away = problem(503, "unavailable", {"Retry-After": "3600"})
    with playing(away, goodbye("shutdown", 3_600_000), REST) as stage:
        asked = ("--from", "1", "--until", "caught_up", "--longest-wait", "0.3")
        done = follow(stage.url, *asked, key="k").done(20)

        assert (done.code, numbers(done.lines)) == (0, [1, 2, 3])
        assert max(stage.waits_s) < 2


@pytest.mark.parametrize("answer", [problem(500, "failed"), problem(502, "gateway"), Answer(b"")])
def test_a_server_in_trouble_is_asked_again(follow: Follower, answer: Answer) -> None:
    with playing(answer, answer, stream(welcome(), record(1), ends="clean")) as stage:
        done = follow(stage.url, "--from", "1", "--until", "caught_up", key="k").done(20)

        assert (done.code, numbers(done.lines), len(stage.asked)) == (0, [1], 3)


def test_a_server_that_goes_silent_is_left_after_two_and_a_half_heartbeats(
    follow: Follower, many: Feed, lines: list[str]
) -> None:
    with cutting(many.server.ports["plain"]) as proxy:
        proxy.silent_after = 50_000
        run = follow(proxy.url, "--from", "1", "--until", "caught_up", "--metrics", key=many.key)
        assert waited_for(lambda: proxy.silences == 1)
        proxy.silent_after = None
        done = run.done()

    assert (done.code, done.lines, proxy.connections) == (0, lines, 2)
    assert (done.metrics["records"], done.metrics["reconnects"]) == (MANY, 1)


def test_a_quiet_server_that_sends_heartbeats_is_not_left(follow: Follower, many: Feed) -> None:
    before = many.server.seen("plain")["requests"]

    done = follow(many.server.url(), "--wait", "3", "--metrics", key=many.key).done()

    assert (done.code, done.lines, done.metrics["connections"]) == (0, [], 1)
    assert done.metrics["heartbeats"] >= 4
    assert many.server.seen("plain")["requests"] == before + 1


def test_a_heartbeat_moves_the_position_and_a_repeated_record_is_not_printed_again(follow: Follower) -> None:
    beat = {"frame": "heartbeat", "position": 7, "head": 9}
    with playing(
        stream(welcome(), record(1), beat, {"frame": "unheard_of"}, ends="cut"),
        stream(welcome(first=8), record(7), record(8), record(8), record(9), ends="clean"),
    ) as stage:
        done = follow(stage.url, "--from", "1", "--until", "caught_up", "--metrics", key="k").done(20)

        assert (done.code, numbers(done.lines), done.metrics["repeated"]) == (0, [1, 8, 9], 2)
        assert "after=0badcafe-7" in stage.asked[1].target


def test_a_gap_moves_the_position_and_is_counted(follow: Follower) -> None:
    gap = {"frame": "gap", "from": 2, "to": 5, "oldest": 6, "reason": "retention"}
    with playing(stream(welcome(), record(1), gap, record(6, prev=1), ends="clean")) as stage:
        done = follow(stage.url, "--from", "1", "--until", "caught_up", "--metrics", key="k").done(20)

    assert (done.code, numbers(done.lines), done.metrics["gaps"]) == (0, [1, 6], 1)


def test_a_hole_is_asked_for_again_and_filled(follow: Follower) -> None:
    with playing(
        stream(welcome(), record(1), record(3)),
        stream(welcome(first=2), record(2), record(3), ends="clean"),
    ) as stage:
        done = follow(stage.url, "--from", "1", "--until", "caught_up", "--metrics", key="k").done(20)

        assert (done.code, numbers(done.lines), done.metrics["holes"]) == (0, [1, 2, 3], 1)
        assert "after=0badcafe-1" in stage.asked[1].target
