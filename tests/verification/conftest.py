"""A client, an open case, files to send; every test's tables are proved against a rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from access.clients import add_client
from access.principals import Principal, authenticate
from protocol.policies import PolicyRef
from protocol.schemas import verification_v1_pb2 as v
from tests.rebuilding import rebuilt_equal
from verification import cases
from verification.cases import Opened
from verification.decide import Opening
from verification.idempotency import request

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

OPENING = Opening(
    reference="order-1",
    stake=v.Money(amount="2.00", currency="GBP"),
    claimed=v.Claimed(given_names=b"Ada", family_name=b"Specimen", date_of_birth=b"1990-05-17"),
    minimum_age=0,
    policy=PolicyRef("low_stake", 1),
    basis=None,
)
BASIS = v.BiometricBasisRecorded(basis="consent", text_version="1", locale="en-GB", given_at_us=1)


@pytest.fixture
def rebuilt(db: None) -> Iterator[None]:
    with rebuilt_equal():
        yield


@pytest.fixture(autouse=True)
def store(settings: Settings, tmp_path: Path) -> Path:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    return tmp_path / "evidence"


@pytest.fixture
def asker(db: None) -> Principal:
    _, key = add_client(name="Betting Ltd", now=NOW)
    return authenticate(f"Bearer {key}", now=NOW)


@pytest.fixture
def opened(asker: Principal) -> Opened:
    return cases.open_case(asker, OPENING, once=request("key-1", {}), now=NOW)


@pytest.fixture
def case(opened: Opened) -> str:
    return opened.id
