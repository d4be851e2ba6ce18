"""The policies' language: what is written is read back, what is wrong is refused with its line."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocol.documents import DOCUMENT_TYPES
from protocol.policies import SHIPPED, Policy, PolicyRef, Trust, WrongPolicy, read, read_again, write
from protocol.policies.conditions import condition, written
from protocol.policies.formula import Formula
from protocol.policies.lines import lines_of
from protocol.policies.reading import place_of
from tests.protocol.policies.written import FORMULAS, POLICIES
from verification.vision.classify import DocumentType

REF = PolicyRef("some", 1)
GOOD = """{
  "stake": {"currency": "GBP", "over": "10.00", "up_to": "100.00"},
  "rules": [
    {"outcome": "decline", "when": {"check": "tamper", "is": ["rejected"]}},
    {"outcome": "approve", "when": {"all_of": [
      {"document": ["uk_driving_licence", "passport"]},
      {"age": "proven"},
      {"checks": ["consistency", "face_match"], "every": ["clear", "caution"]},
      {"unless": {"check": "liveness", "is": ["unavailable"]}},
      {"part": "face_match/similarity", "at_least": 0.55}
    ]}}
  ],
  "provisional": {"document": ["uk_driving_licence"]},
  "not_applicable": {"register": "caution"}
}"""
# One that reads the register, and says what holds while it is away and how long it waits at all.
PATIENT = """{
  "stake": {"currency": "GBP", "up_to": "100.00"},
  "rules": [
    {"outcome": "approve", "when": {"check": "register", "is": ["clear"]}}
  ],
  "away": {
    "register": {"trust_up_to": {"amount": "20.00", "currency": "GBP"}}
  },
  "deadline_s": 8
}"""


@given(formula=FORMULAS)
def test_what_must_hold_is_written_as_it_is_read(formula: Formula) -> None:
    assert condition(place_of(json.dumps(written(formula)), longest=10**6)) == formula


@given(policy=POLICIES)
@settings(deadline=None)
def test_a_policy_is_written_as_it_is_read(policy: Policy) -> None:
    try:
        found = read(json.dumps(write(policy)), policy.ref)
    except WrongPolicy as error:
        assume("can never decide" not in str(error))
        assume("approves everybody" not in str(error))
        assume("nothing waits for it" not in str(error))
        raise

    assert found == policy


@pytest.mark.parametrize("policy", SHIPPED, ids=lambda policy: policy.ref.name)
def test_the_shipped_policies_are_written_in_the_language_too(policy: Policy) -> None:
    assert read(json.dumps(write(policy)), policy.ref) == policy


def test_every_way_to_say_something_is_read() -> None:
    assert read(json.dumps(write(read(GOOD, REF))), REF) == read(GOOD, REF)


def assert_refused(policy: str, old: str, new: str, line: int, says: str) -> None:
    """Put something wrong in a policy's place, and have it refused with its line."""
    assert old in policy

    with pytest.raises(WrongPolicy) as refused:
        read(policy.replace(old, new, 1), REF)

    assert refused.value.line == line
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('"tamper"', '"temper"', 4, "'temper' is none of age, comparison"),
        ('["rejected"]', '["refused"]', 4, "'refused' is none of"),
        ('["rejected"]', "[]", 4, "a list of 1 to 6"),
        ('"is": ["rejected"]', '"has": ["rejected"]', 4, "'has' means nothing here"),
        ('"outcome": "approve"', '"outcome": "accept"', 5, "'accept' is none of approve, decline, refer"),
        ('"passport"', '"library_card"', 6, "'library_card' is none of"),
        ('"age": "proven"', '"age": 18', 7, "'18' is none of proven"),
        ('"every"', '"all"', 8, "'all' means nothing here"),
        ("0.55", '"0.55"', 10, "must be a number"),
        ("0.55", "true", 10, "must be a number"),
        ("face_match/similarity", "face_match.similarity", 10, "its check and its name"),
        ('"currency": "GBP"', '"currency": "GPB"', 2, "'GPB' is none of"),
        ('"10.00"', '"100.00"', 2, "no stake is over the one amount"),
        ('"10.00"', "10.00", 2, "a decimal in quotes"),
        ('"provisional": {"document"', '"ahead": {"document"', 13, "'ahead' means nothing here"),
        ('{"register": "caution"}', '{"register": "not_applicable"}', 14, "is none of"),
        ('"decline"', '"decline",', 4, "this is no JSON"),
        ('"outcome": "decline", ', "", 4, "'outcome' is missing"),
    ],
)
def test_an_error_is_told_with_its_line(old: str, new: str, line: int, says: str) -> None:
    assert_refused(GOOD, old, new, line, says)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("8", "0", 9, "whole number of seconds from submit, 1 to 15"),
        ("8", "16", 9, "whole number of seconds from submit, 1 to 15"),
        ("8", "8.5", 9, "whole number of seconds"),
        ("8", "true", 9, "whole number of seconds"),
        ("8", '"8"', 9, "whole number of seconds"),
        ('"register": {', '"liveness": {', 7, "'liveness' means nothing here; there are register"),
        ('"trust_up_to"', '"up_to"', 7, "'up_to' means nothing here; there are trust_up_to"),
        ('"20.00"', "20.00", 7, "a decimal in quotes"),
        ('"20.00"', "null", 7, "a decimal in quotes"),
        ('"20.00", "currency": "GBP"', '"20.00"', 7, "'currency' is missing"),
        ('"20.00", "currency": "GBP"', '"20.00", "currency": "EUR"', 7, "is for stakes in GBP"),
        (
            '{"trust_up_to": {"amount": "20.00", "currency": "GBP"}}',
            '"approve"',
            7,
            'must be "refer", "trust"',
        ),
        ('{"trust_up_to": {"amount": "20.00", "currency": "GBP"}}', "null", 7, 'must be "refer", "trust"'),
        ('"check": "register"', '"check": "tamper"', 7, "no rule's outcome depends on register"),
    ],
)
def test_an_error_in_what_holds_while_something_is_away_is_told_with_its_line(
    old: str, new: str, line: int, says: str
) -> None:
    assert_refused(PATIENT, old, new, line, says)


def test_what_holds_while_the_register_is_away_is_read() -> None:
    policy = read(PATIENT, REF)

    assert policy.deadline_s == 8
    stakes = [("20.00", "GBP"), ("20.01", "GBP"), ("1.00", "EUR")]
    assert [policy.register_away.covers(*stake) for stake in stakes] == [True, False, False]


@pytest.mark.parametrize(("word", "covers"), [('"refer"', False), ('"trust"', True)])
def test_trust_is_left_as_staff_allow_it_or_given_to_nobody(word: str, covers: bool) -> None:
    said = PATIENT.replace('{"trust_up_to": {"amount": "20.00", "currency": "GBP"}}', word)

    assert read(said, REF).register_away.covers("999.00", "EUR") is covers


def test_a_policy_that_reads_the_register_for_its_measure_alone_may_say_what_holds_while_it_is_away() -> None:
    said = PATIENT.replace('"check": "register", "is": ["clear"]', '"part": "register/match", "at_least": 1')

    assert read(said, REF).register_away.stakes is not None


def test_a_text_from_before_there_were_these_members_is_read_and_written_as_it_was() -> None:
    policy = read_again(GOOD, REF)

    assert (policy.register_away, policy.deadline_s) == (Trust(), None)
    assert write(policy).keys() == {"stake", "rules", "provisional", "not_applicable"}


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([{"outcome": "approve"}], "approves everybody"),
        ([{"outcome": "refer"}, {"outcome": "decline"}], "can never decide"),
        (
            [{"outcome": "approve", "when": {"check": "tamper", "is": ["suspected"]}}],
            "can never decide",
        ),
        ([], "a list of 1 to 100"),
        ([{"outcome": "refer", "when": {}}], "says nothing that could hold"),
        (
            [{"outcome": "refer", "when": {"check": "age", "is": ["clear"], "age": "proven"}}],
            "means nothing here",
        ),
        ([{"outcome": "refer", "when": {"checks": "all"}}], "every check must have, or any"),
    ],
)
def test_what_makes_no_sense_is_refused(rules: list[object], says: str) -> None:
    with pytest.raises(WrongPolicy, match=says):
        read(json.dumps({"rules": rules}), REF)


@pytest.mark.parametrize("name", ["none", "", "Full", "1st", "a" * 65, "a-b", "täglich"])
def test_a_name_that_cannot_be_asked_for_is_refused(name: str) -> None:
    with pytest.raises(WrongPolicy, match="a policy's name"):
        read(GOOD, PolicyRef(name, 1))


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '"x"', "NaN", "{" * 2_000, '{"rules": [], "rules": []}', "x" * 40_000]
)
def test_what_is_no_policy_at_all_is_refused(text: str) -> None:
    with pytest.raises(WrongPolicy):
        read(text, REF)


def test_what_nests_too_deeply_is_refused() -> None:
    deep: dict[str, object] = {"age": "proven"}
    for _ in range(20):
        deep = {"unless": deep}

    with pytest.raises(WrongPolicy, match="nested"):
        read(json.dumps({"rules": [{"outcome": "refer", "when": deep}]}), REF)


@given(text=st.text(max_size=200) | st.binary(max_size=100).map(lambda data: data.decode("latin-1")))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read(text, REF)
    except WrongPolicy:
        return
    raise AssertionError(f"{text!r} is a policy")


_NAMES = st.text(min_size=1, max_size=3)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda parts: (
        st.lists(parts, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), parts, max_size=3)
    ),
    max_leaves=12,
)


@given(value=_JSON, indent=st.sampled_from([None, 1]))
def test_every_value_has_a_line_and_no_value_has_one_beyond_the_text(
    value: object, indent: int | None
) -> None:
    text = json.dumps(value, indent=indent)

    lines = lines_of(text)

    assert lines[""] == 1
    assert max(lines.values()) <= text.count("\n") + 1
    assert len(lines) <= text.count("\n") + 1 or indent is None


def test_the_types_of_documents_are_those_that_are_told() -> None:
    assert set(get_args(DocumentType)) == set(DOCUMENT_TYPES)
