"""Which answers are final for every client, and how each says so."""

from __future__ import annotations

import pytest

from tests.clients.conftest import Follower
from tests.clients.feed import Feed, FeedServer
from tests.clients.following import numbers, waited_for
from tests.clients.scripted import Answer, playing, problem, record, stream, welcome

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (("--from", "39"), ("40", "90")),
        (("--from", "92"), ("40", "90")),
        (("--after", "deadbeef-75"), ("deadbeef", "{epoch}")),
    ],
)
def test_a_position_that_is_not_there_is_final_and_the_range_that_is_there_is_named(
    follow: Follower, server: FeedServer, place: tuple[str, str], says: tuple[str, ...]
) -> None:
    feed = server.feed(90)
    feed.forget(oldest=40)

    done = follow(server.url(), *place, key=feed.key).done(20)

    assert (done.code, done.lines, len(done.said.splitlines())) == (3, [], 1)
    assert [word for word in says if word.format(epoch=feed.epoch) not in done.said] == []


def test_a_wrong_key_is_final(follow: Follower, server: FeedServer) -> None:
    before = server.seen("plain")["requests"]

    done = follow(server.url(), key="vouch_live_nobody").done(20)

    assert (done.code, len(done.said.splitlines())) == (4, 1)
    assert "unauthorised" in done.said
    assert "vouch_live_nobody" not in done.said
    assert server.seen("plain")["requests"] == before + 1


def test_a_key_revoked_on_the_way_is_final(follow: Follower, server: FeedServer) -> None:
    feed = server.feed(30)
    run = follow(server.url(), "--from", "1", key=feed.key)
    assert waited_for(lambda: len(run.lines()) == 30)

    feed.revoke()
    done = run.done(20)

    assert (done.code, numbers(done.lines)) == (4, list(range(1, 31)))
    assert "revoked" in done.said


def test_a_case_that_is_not_ones_own_is_final(follow: Follower, many: Feed) -> None:
    done = follow(many.server.url(), "--case", "0190f3a0-0000-7000-8000-0000000000e1", key=many.key).done(20)

    assert done.code == 4
    assert "not_found" in done.said


@pytest.mark.parametrize(
    "answer", [problem(400, "invalid"), problem(501, "not_yet"), problem(403, "forbidden_scope")]
)
def test_a_wish_that_is_refused_is_not_made_again(follow: Follower, answer: Answer) -> None:
    with playing(answer) as stage:
        done = follow(stage.url, "--subscription", "letters", key="k").done(20)

        assert (done.code, len(stage.asked)) == (4, 1)
        assert "subscription=letters" in stage.asked[0].target


@pytest.mark.parametrize(
    ("reason", "code"),
    [("replaced", 4), ("unauthorised", 4), ("forbidden_scope", 4), ("too_old", 3), ("epoch_changed", 3)],
)
def test_a_goodbye_that_forbids_to_come_back_is_final(follow: Follower, reason: str, code: int) -> None:
    goodbye = {"frame": "bye", "reason": reason, "detail": "so it is", "retry_after_ms": 0}
    with playing(stream(welcome(), record(1), goodbye, ends="clean")) as stage:
        done = follow(stage.url, "--from", "1", key="k").done(20)

        assert (done.code, len(stage.asked), numbers(done.lines)) == (code, 1, [1])


def test_another_epoch_than_the_positions_own_is_final(follow: Follower) -> None:
    restored = stream(welcome(epoch="11111111", first=3))
    with playing(stream(welcome(), record(1), record(2), ends="cut"), restored) as stage:
        done = follow(stage.url, "--from", "1", key="k").done(20)

        assert (done.code, numbers(done.lines)) == (3, [1, 2])
        assert "11111111" in done.said


def test_a_hole_met_three_times_at_one_position_is_final(follow: Follower) -> None:
    hole = stream(welcome(), record(5, prev=4))
    with playing(stream(welcome(), record(1), record(2), record(5, prev=4)), hole) as stage:
        done = follow(stage.url, "--from", "1", "--metrics", key="k").done(20)

        assert (done.code, numbers(done.lines), done.metrics["holes"]) == (3, [1, 2], 3)
        assert [asked.target.count("after=0badcafe-2") for asked in stage.asked] == [0, 1, 1]


@pytest.mark.parametrize(
    "arguments",
    [("--from", "1", "--after", "0badcafe-1"), ("--partition", "4/4"), ("--limit", "x"), ("--what",)],
)
def test_a_command_that_makes_no_sense_is_refused_before_anything_is_sent(
    follow: Follower, arguments: tuple[str, ...]
) -> None:
    with playing(Answer(b"")) as stage:
        done = follow(stage.url, *arguments, key="k").done(20)

        assert (done.code, done.lines, stage.asked) == (2, [], [])
        assert done.said
