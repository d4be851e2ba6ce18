"""What the door gives of applicants beside their keys: own keys, many at once, and templates of faces."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest
import structlog

from events.door.services import issue_service_keys
from events.journal import record
from events.keys import data_key, destroy_key, forget_cached
from events.templates import NoTemplate, templates_from
from protocol.catalogue import PersonalClass
from protocol.sealing import own_key
from tests.contracts.door import Door, serve
from tests.events.makers import NOW, opened
from tests.rebuilding import empty_journal

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__")]
OWN_KEYS, TEMPLATES = "/internal/v1/own-keys", "/internal/v1/templates"
IDENTITY, BIOMETRIC = PersonalClass.IDENTITY, PersonalClass.BIOMETRIC


@pytest.fixture
def door(transactional_db: None) -> Iterator[Door]:
    empty_journal()
    with serve(key=issue_service_keys(["fraud"])["fraud"]) as door:
        yield door
    empty_journal()


@pytest.fixture
def client(door: Door) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {door.key}"}
    with httpx.Client(base_url=door.url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def templates() -> Iterator[dict[str, bytes]]:
    """A product that keeps templates in a dictionary, each by its evidence's id and opened by any key."""
    kept: dict[str, bytes] = {}

    def read(evidence_id: str, key: bytes) -> bytes:
        if evidence_id not in kept:
            raise NoTemplate(f"evidence {evidence_id} has none")
        return kept[evidence_id] + key

    before = templates_from(read)
    yield kept
    templates_from(before)


def own_keys(client: httpx.Client, *applicants: str, personal: PersonalClass = IDENTITY) -> httpx.Response:
    return client.post(OWN_KEYS, json={"applicants": applicants, "class": personal, "purpose": "a test"})


def template(client: httpx.Client, applicant: str = "applicant-1", **changes: str) -> httpx.Response:
    asked = {"applicant": applicant, "evidence_id": "e-1", "class": "biometric", "purpose": "a test"}
    return client.post(TEMPLATES, json={**asked, **changes})


def test_own_keys_are_made_of_those_that_are_there_and_are_not_those(client: httpx.Client) -> None:
    record([opened(applicant="a"), opened("c-2", applicant="b"), opened("c-3", applicant="c")], now=NOW)
    destroy_key("b", IDENTITY, now=NOW)

    response = own_keys(client, "a", "b", "c", "nobody")

    given = {who: base64.b64decode(key) for who, key in response.json()["keys"].items()}
    keys = {who: data_key(who, IDENTITY, create=False) for who in ("a", "c")}
    assert given == {who: own_key(key, "fraud") for who, key in keys.items()}
    assert not set(given.values()) & set(keys.values())


def test_two_services_have_different_own_keys() -> None:
    assert own_key(b"k" * 64, "fraud") != own_key(b"k" * 64, "another")
    assert own_key(b"k" * 64, "fraud") != own_key(b"j" * 64, "fraud")


def test_an_asking_for_own_keys_is_logged_without_who_was_asked_for(client: httpx.Client) -> None:
    with structlog.testing.capture_logs() as logs:
        own_keys(client, "a", "b")

    (line,) = [log for log in logs if log["event"] == "own_keys_asked"]
    assert (line["service"], line["applicants"], line["granted"]) == ("fraud", 2, True)


def test_a_service_gets_no_own_keys_of_a_class_that_the_catalogue_does_not_open(client: httpx.Client) -> None:
    refused = own_keys(client, "a", personal=PersonalClass.CONTACT)

    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden_class")


@pytest.mark.parametrize("applicants", ["a", None, ["a"] * 1_001])
def test_what_is_no_list_of_applicants_is_refused(client: httpx.Client, applicants: object) -> None:
    asked = {"applicants": applicants, "class": "identity", "purpose": "a test"}

    assert client.post(OWN_KEYS, json=asked).status_code == 400


def test_a_face_is_given_opened_with_the_applicants_key(
    client: httpx.Client, templates: dict[str, bytes]
) -> None:
    templates["e-1"] = b"face"
    key = data_key("applicant-1", BIOMETRIC, create=True)

    assert template(client).content == b"face" + key


def test_a_face_that_is_not_kept_and_one_that_was_erased_are_told_apart(
    client: httpx.Client, templates: dict[str, bytes]
) -> None:
    data_key("applicant-1", BIOMETRIC, create=True)
    assert template(client).status_code == 404

    templates["e-1"] = b"face"
    destroy_key("applicant-1", BIOMETRIC, now=NOW)
    forget_cached()
    assert template(client).status_code == 410


def test_a_template_is_asked_for_as_biometric_and_of_somebody(client: httpx.Client) -> None:
    assert template(client, **{"class": "identity"}).status_code == 400
    assert template(client, applicant="").status_code == 400
    assert template(client, evidence_id="").status_code == 400


def test_a_service_without_the_class_gets_no_face(door: Door, templates: dict[str, bytes]) -> None:
    templates["e-1"] = b"face"
    data_key("applicant-1", BIOMETRIC, create=True)
    headers = {"Authorization": f"Bearer {issue_service_keys(['audit'])['audit']}"}

    with httpx.Client(base_url=door.url, headers=headers, trust_env=False) as audit:
        assert template(audit).status_code == 403
