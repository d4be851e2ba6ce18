"""What people write as their address, and what a server is given of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.notifications.addresses import email_address, phone_number


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("ada@example.org", "ada@example.org"),
        (" Ada.L+x@Example.org ", "Ada.L+x@Example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada", None),
        ("@example.org", None),
        ("ada@localhost", None),
        ("ada@example.org, eve@example.org", None),
        ("ada@example.org\r\nBcc: eve@example.org", None),
        ("ädä@example.org", None),
        (f"{'a' * 65}@example.org", None),
    ],
)
def test_an_e_mail_address_is_taken_or_not(said: str, address: str | None) -> None:
    assert email_address(said.encode()) == address


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("+44 7700 900123", "+447700900123"),
        ("0044 (7700) 900-123", "+447700900123"),
        ("07700 900123", None),
        ("+44", None),
        ("call me", None),
    ],
)
def test_a_telephone_number_is_international_or_none(said: str, number: str | None) -> None:
    assert phone_number(said.encode()) == number


@given(st.binary(max_size=80))
def test_nothing_that_ends_a_header_gets_through(said: bytes) -> None:
    for found in (email_address(said), phone_number(said)):
        assert found is None or (found.isascii() and found.isprintable() and " " not in found)
