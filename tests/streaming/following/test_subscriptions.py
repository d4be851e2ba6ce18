"""A position that the feed keeps: moved by acks alone, split and joined, held by its newest reader."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from protocol.problems import Refused
from streaming.following.subscriptions import Replaced, keep, take
from streaming.models import FeedHead, FeedSubscription
from streaming.reading.feeds import Head, Part
from tests.streaming.conftest import Client, House
from tests.streaming.readers import Frame, kept, lines, numbers

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])
HEAD = Head("0badcafe", 1, 1_000)


@contextmanager
def following(address: str, client: Client, query: str) -> Iterator[ClientConnection]:
    url = f"ws://{address}/v1/feed?{query}"
    protocol = [Subprotocol("vouch.feed.v1+json")]
    # A client that has stopped reading does not hear the goodbye: it need not wait for it.
    with connect(url, additional_headers=client.auth, subprotocols=protocol, close_timeout=0.1) as socket:
        yield socket


def heard(socket: ClientConnection) -> Frame:
    frame: Frame = json.loads(socket.recv(timeout=5))
    return frame


def ack(socket: ClientConnection, number: int) -> None:
    socket.send(json.dumps({"frame": "ack", "number": number}))


def test_who_comes_back_by_name_goes_on_behind_its_last_ack(client: Client, address: str) -> None:
    with following(address, client, "subscription=letters&from=1") as socket:
        assert heard(socket)["frame"] == "welcome"
        assert numbers([heard(socket) for _ in range(10)]) == list(range(1, 11))
        ack(socket, 7)
        kept("letters", 7)

    assert numbers(lines(address, "/v1/feed", client.auth, subscription="letters", until="caught_up")) == [
        *range(8, 31)
    ]


def test_what_was_sent_and_never_acknowledged_comes_again(client: Client, address: str) -> None:
    assert numbers(lines(address, "/v1/feed", client.auth, subscription="s", from_="1", limit="9"))[-1] == 9

    assert numbers(lines(address, "/v1/feed", client.auth, subscription="s", limit="1")) == [1]


def test_a_new_one_begins_at_the_head_and_stays_there_until_it_is_moved(client: Client, address: str) -> None:
    assert numbers(lines(address, "/v1/feed", client.auth, subscription="new", wait="0")) == []
    client.many(3)
    client.house.write()

    assert numbers(lines(address, "/v1/feed", client.auth, subscription="new", until="caught_up")) == [
        31,
        32,
        33,
    ]


def test_the_newest_reader_of_a_subscription_takes_it_over(client: Client, address: str) -> None:
    with following(address, client, "subscription=s&from=1") as old:
        assert heard(old)["frame"] == "welcome"
        with following(address, client, "subscription=s") as new:
            assert heard(new)["frame"] == "welcome"
            frames: list[Frame] = []
            with suppress(ConnectionClosed):
                while True:
                    frames.append(heard(old))

            assert (frames[-1]["frame"], frames[-1]["reason"], old.close_code) == ("bye", "replaced", 4004)
            assert numbers([heard(new)]) == [1]


def test_two_parts_of_one_subscription_are_two_readers(client: Client, address: str) -> None:
    with (
        following(address, client, "subscription=s&from=1&partition=0/2") as one,
        following(address, client, "subscription=s&from=1&partition=1/2") as other,
    ):
        assert {heard(one)["frame"], heard(other)["frame"]} == {"welcome"}
        ack(other, 0)
        assert heard(one)["frame"] == "record"


def test_readers_who_begin_one_at_the_same_moment_each_get_their_part(house: House) -> None:
    feed, together = house.client().feed, threading.Barrier(4)

    def begin(index: int) -> str:
        together.wait(10)
        try:
            part = Part(feed=feed, index=index, of=4)
            return take("new", part, HEAD, start=None, otherwise=index).by
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as readers:
        holders = list(readers.map(begin, range(4)))

    assert FeedSubscription.objects.get(name="new").holders == holders * 16


def test_one_of_another_epoch_is_told_and_begins_where_it_is_told_to(client: Client, address: str) -> None:
    lines(address, "/v1/feed", client.auth, subscription="s", from_="1", limit="1")
    FeedHead.objects.filter(feed=client.feed).update(epoch="deadbeef")

    with pytest.raises(AssertionError, match="epoch_changed"):
        lines(address, "/v1/feed", client.auth, subscription="s", until="caught_up")

    assert numbers(lines(address, "/v1/feed", client.auth, subscription="s", from_="29", limit="1")) == [29]
    assert numbers(lines(address, "/v1/feed", client.auth, subscription="s", limit="1")) == [29]


def test_a_case_is_read_without_one(client: Client, address: str) -> None:
    case = client.case().id
    client.house.write()
    with pytest.raises(AssertionError, match="without a subscription"):
        lines(address, f"/v1/cases/{case}/feed", client.auth, subscription="s")


def test_a_feed_has_so_many_and_no_more(house: House) -> None:
    for n in range(100):
        take(f"s{n}", Part(feed="f"), HEAD, start=None, otherwise=0)
    with pytest.raises(Refused, match="up to 100"):
        take("s100", Part(feed="f"), HEAD, start=None, otherwise=0)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    acks=st.lists(
        st.integers(0, 4).flatmap(
            lambda power: st.tuples(st.integers(0, 2**power - 1), st.just(2**power), st.integers(0, 900))
        ),
        max_size=8,
    )
)
def test_a_whole_goes_on_where_the_last_of_its_parts_is(
    house: House, acks: list[tuple[int, int, int]]
) -> None:
    FeedSubscription.objects.all().delete()
    reached = [0] * 64
    for index, of, number in acks:
        hold = take("s", Part(feed="f", index=index, of=of), HEAD, start=None, otherwise=0)
        mine = range(index, 64, of)
        assert hold.kept == min(reached[one] for one in mine)
        hold.acked = max(hold.kept, number)
        keep(hold)
        for one in mine:
            reached[one] = max(reached[one], hold.acked)

    assert take("s", Part(feed="f"), HEAD, start=None, otherwise=0).kept == min(reached)


def test_an_ack_of_who_was_replaced_moves_nothing(house: House) -> None:
    old = take("s", Part(feed="f"), HEAD, start=None, otherwise=5)
    take("s", Part(feed="f", index=1, of=2), HEAD, start=None, otherwise=5)
    old.acked = 9

    with pytest.raises(Replaced):
        keep(old)

    assert take("s", Part(feed="f"), HEAD, start=None, otherwise=0).kept == 5
