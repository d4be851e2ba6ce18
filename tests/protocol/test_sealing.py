"""Whoever has the key opens a sealed value where it was sealed, and nowhere else."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.catalogue import PersonalClass, type_name
from protocol.schemas import verification_v1_pb2 as v
from protocol.sealing import DoesNotOpen, Place, find, open_value, seal_value

KEY = bytes(range(64))
OPENED = type_name(v.CaseOpened)
PLACE = Place(UUID(int=1), OPENED, "4.6")


@given(st.binary(min_size=1), st.binary(min_size=64, max_size=64))
def test_what_was_sealed_opens_to_what_it_was(value: bytes, key: bytes) -> None:
    sealed = seal_value(key, value, PLACE)

    assert open_value(key, sealed, PLACE) == value
    assert sealed == seal_value(key, value, PLACE)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (bytes(64), PLACE),
        (KEY, PLACE._replace(path="4.7")),
        (KEY, PLACE._replace(event_id=UUID(int=2))),
    ],
)
def test_with_another_key_or_in_another_place_it_does_not_open(key: bytes, place: Place) -> None:
    with pytest.raises(DoesNotOpen):
        open_value(key, seal_value(KEY, b"ada@example.org", PLACE), place)


def test_a_field_is_found_by_its_name() -> None:
    said = v.CaseOpened(claimed=v.Claimed(email=b"x"))

    assert find(said, "claimed.email") == ("4.6", PersonalClass.CONTACT, b"x")


@pytest.mark.parametrize("name", ["reference", "claimed.locale", "claimed.nothing"])
def test_a_field_that_is_not_personal_is_none(name: str) -> None:
    with pytest.raises(ValueError, match="no personal field"):
        find(v.CaseOpened(), name)
