"""A wish to follow is understood to the letter, or refused with the field that is wrong."""

from __future__ import annotations

import pytest

from protocol.problems import Refused
from streaming.reading.feeds import Head
from streaming.wire.asking import Asked, BadPartition, parse, start_of

HEAD = Head("0badcafe", 10, 100)


def code_of(asked: Asked) -> str:
    with pytest.raises(Refused) as caught:
        start_of(asked, HEAD, default="latest")
    assert caught.value.extra["available"] == {"epoch": "0badcafe", "oldest": 10, "head": 100}
    return caught.value.code


def test_from_is_inclusive_and_after_is_exclusive() -> None:
    assert start_of(parse({"from": "75"}), HEAD, default="latest") == 74
    assert start_of(parse({"after": "0badcafe-75"}), HEAD, default="latest") == 75


def test_the_record_after_the_head_is_waited_for() -> None:
    assert start_of(parse({"from": "101"}), HEAD, default="earliest") == 100
    assert start_of(parse({"after": "0badcafe-100"}), HEAD, default="earliest") == 100


@pytest.mark.parametrize(("place", "start"), [("earliest", 9), ("latest", 100)])
def test_named_places_and_defaults_mean_the_same(place: str, start: int) -> None:
    assert start_of(parse({"from": place}), HEAD, default="latest") == start
    assert start_of(parse({}), HEAD, default=place) == start


def test_positions_that_do_not_exist_are_refused_with_the_range_that_does() -> None:
    assert code_of(parse({"from": "102"})) == "in_the_future"
    assert code_of(parse({"from": "9"})) == "too_old"
    assert code_of(parse({"after": "0badcafe-101"})) == "in_the_future"
    assert code_of(parse({"after": "0badcafe-8"})) == "too_old"
    assert code_of(parse({"after": "deadbeef-75"})) == "epoch_changed"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from", "0"),
        ("from", "-1"),
        ("from", "²"),
        ("after", "75"),
        ("after", "XXXXXXXX-75"),
        ("after", "0badcafe-\u0663"),
        ("limit", "0"),
        ("wait", "1.5"),
        ("until", "tomorrow"),
        ("kinds", "check,secrets"),
        ("form", "75"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(field: str, value: str) -> None:
    with pytest.raises(Refused) as caught:
        parse({field: value})
    assert (caught.value.code, caught.value.extra["field"]) == ("invalid", field)


@pytest.mark.parametrize("text", ["4/4", "0/3", "0/128", "1", "a/b", "-1/2", "0/0", "0/\u0664"])
def test_a_partition_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadPartition):
        parse({"partition": text})


@pytest.mark.parametrize(("text", "parts"), [("0/1", (0, 1)), ("3/4", (3, 4)), ("63/64", (63, 64))])
def test_a_partition_is_read_as_index_and_count(text: str, parts: tuple[int, int]) -> None:
    assert parse({"partition": text}).partition == parts


def test_from_and_after_together_are_refused() -> None:
    with pytest.raises(Refused, match="not both"):
        parse({"from": "1", "after": "0badcafe-1"})


def test_a_subscription_has_a_plain_name() -> None:
    assert parse({"subscription": "letters:eu-1"}).subscription == "letters:eu-1"
    for name in ("", "a b", "x" * 65, "\u00e9"):
        with pytest.raises(Refused) as caught:
            parse({"subscription": name})
        assert caught.value.extra["field"] == "subscription"


def test_limits_waits_and_kinds_are_read() -> None:
    asked = parse({"limit": "5", "wait": "0", "until": "caught_up", "kinds": "check,decision"})
    assert (asked.limit, asked.wait_s, asked.until_caught_up) == (5, 0, True)
    assert asked.kinds == frozenset({"check", "decision"})
