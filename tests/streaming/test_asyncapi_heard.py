"""What the AsyncAPI page lets a reader say is what the feed takes, and the reverse."""

from __future__ import annotations

import json

import pytest

from protocol.problems import Refused
from streaming.wire.asking import parse
from streaming.wire.heard import Hello, from_json
from tests.protocol.asyncapi_page import offences, offences_of_frame
from tests.streaming.readers import Frame


def is_taken(frame: Frame) -> bool:
    """Tell whether the feed takes what a reader says."""
    try:
        said = from_json(json.dumps(frame))
        if isinstance(said, Hello):
            parse(said.fields)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    "frame",
    [
        {"frame": "hello"},
        {"frame": "hello", "ticket": "t", "from": 75, "partition": "0/4", "credit": 0},
        {"frame": "hello", "from": "earliest", "limit": 5, "wait": "0", "until": "caught_up"},
        {"frame": "hello", "after": "0badcafe-75", "kinds": ["case", "outcome"], "subscription": "a.b"},
        {"frame": "hello", "kinds": "case,check"},
        {"frame": "credit", "n": 1},
        {"frame": "ack", "number": 0},
        {"frame": "auth", "ticket": "t"},
    ],
)
def test_what_the_page_lets_a_reader_say_the_feed_takes(frame: Frame) -> None:
    assert offences_of_frame(frame) == []
    assert is_taken(frame)


@pytest.mark.parametrize(
    "frame",
    [
        {"frame": "hello", "mood": "good"},
        {"frame": "hello", "ticket": ""},
        {"frame": "hello", "ticket": 5},
        {"frame": "hello", "from": 0},
        {"frame": "hello", "from": "now"},
        {"frame": "hello", "from": 1, "after": "0badcafe-75"},
        {"frame": "hello", "after": "75"},
        {"frame": "hello", "partition": "0/3"},
        {"frame": "hello", "limit": 0},
        {"frame": "hello", "wait": -1},
        {"frame": "hello", "wait": 1.5},
        {"frame": "hello", "until": "tomorrow"},
        {"frame": "hello", "kinds": []},
        {"frame": "hello", "kinds": ["scores"]},
        {"frame": "hello", "kinds": "case,,check"},
        {"frame": "hello", "subscription": "a b"},
        {"frame": "hello", "credit": -1},
        {"frame": "credit"},
        {"frame": "credit", "n": 0},
        {"frame": "credit", "n": True},
        {"frame": "ack", "number": -1},
        {"frame": "ack", "number": 1 << 64},
        {"frame": "ack", "number": "5"},
        {"frame": "auth"},
        {"frame": "auth", "ticket": ""},
        {"frame": "goodbye"},
    ],
)
def test_what_the_page_does_not_let_a_reader_say_the_feed_refuses(frame: Frame) -> None:
    assert offences_of_frame(frame) != []
    assert not is_taken(frame)


@pytest.mark.parametrize(
    ("query", "right"),
    [({"from": "75", "partition": "1/4"}, True), ({"kinds": "case,check"}, True), ({"mood": "good"}, False)],
)
def test_a_query_is_right_or_wrong_as_the_page_says(query: dict[str, str], right: bool) -> None:
    assert (offences("Wish", query) == []) is right
    assert is_taken({"frame": "hello", **query}) is right
