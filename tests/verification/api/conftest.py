"""Callers over HTTP: a client with a live key, one with a test key, another client, a phone, and nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from access.clients import add_client, issue_key
from access.principals import SCOPES

BODY = {
    "reference": "order-1",
    "stake": {"amount": "2.00", "currency": "GBP"},
    "claimed": {"given_names": "Ada", "family_name": "Specimen", "date_of_birth": "1990-05-17"},
}
BASIS_BODY = {
    "basis": "consent",
    "text_version": "1",
    "locale": "en-GB",
    "given_at": "2026-11-24T10:00:00Z",
}


def caller(secret: str) -> APIClient:
    """Call as whoever holds a key or token; empty: as nobody."""
    client = APIClient(raise_request_exception=False)
    if secret:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def key_of(client: str, *, live: bool = True, scopes: tuple[str, ...] = SCOPES) -> str:
    """Give a client one more key."""
    return issue_key(client=client, now=datetime.now(UTC), live=live, scopes=scopes)


@pytest.fixture(autouse=True)
def no_collected_files(settings: Settings) -> None:
    """Leave out the folder of collected static files: it is made when the product is installed."""
    settings.STATIC_ROOT = None


@pytest.fixture
def client_id(db: None) -> str:
    return add_client(name="Betting Ltd", now=datetime.now(UTC))[0]


@pytest.fixture
def company(client_id: str) -> APIClient:
    return caller(key_of(client_id))


@pytest.fixture
def tester(client_id: str) -> APIClient:
    return caller(key_of(client_id, live=False))


@pytest.fixture
def stranger(db: None) -> APIClient:
    return caller(add_client(name="Other Ltd", now=datetime.now(UTC))[1])


@pytest.fixture
def nobody(db: None) -> APIClient:
    return caller("")


@pytest.fixture
def answer(company: APIClient) -> dict[str, object]:
    """Open a case, and give what is answered."""
    headers = {"Idempotency-Key": "first"}
    return dict(company.post("/v1/cases", BODY, format="json", headers=headers).json())


@pytest.fixture
def case(answer: dict[str, str]) -> str:
    return f"/v1/cases/{answer['id']}"


@pytest.fixture
def phone(answer: dict[str, dict[str, str]]) -> APIClient:
    return caller(answer["capture"]["token"])
