"""Postcodes at the end of an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.vision.postcode import with_postcode


@given(st.from_regex(r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}", fullmatch=True))
def test_a_well_formed_postcode_stays_as_it_is(postcode: str) -> None:
    assert with_postcode(f"3 COPPERBEECH LANE, {postcode}") == f"3 COPPERBEECH LANE, {postcode}"


@pytest.mark.parametrize("seen", ["OW2 92ZT", "OW2 92T", "OW2 9ZT"])
def test_look_alikes_are_put_into_the_alphabet_of_their_position(seen: str) -> None:
    assert with_postcode(f"OVERWICK {seen}") == "OVERWICK OW2 9ZT"


@pytest.mark.parametrize(
    "address", ["", "OVERWICK", "14 LARKSPUR TERRACE, NB4", "OVERWICK OW2 9ZTXX", "OW2 ZZZZ"]
)
def test_an_address_without_a_postcode_at_its_end_is_not_given_one(address: str) -> None:
    assert with_postcode(address) is None
