"""What services are given of applicants: only what the catalogue opens to them, each asking logged."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, NamedTuple

import structlog

from events.door.problems import Problem
from events.errors import Erased, NeverMade
from events.keys import data_key, data_keys
from events.templates import NoTemplate, face_template
from protocol.catalogue import STREAMS, PersonalClass
from protocol.sealing import own_key
from subscriber.errors import NotNow

__all__ = ["grant", "own_keys", "template"]

_log = structlog.get_logger("vouch.door")
# As many as one body and one question to the key store take well.
_MOST_APPLICANTS: Final = 1_000


class _Asked(NamedTuple):
    """Who asks for what of whom, and what for; `said` is the whole body."""

    service: str
    personal: PersonalClass
    purpose: str
    said: Mapping[str, object]


def grant(service: str, body: bytes) -> bytes:
    """Give a service an applicant's key of one class, for a declared purpose.

    Args:
        service: who asks.
        body: JSON `{"applicant", "class", "purpose"}`.

    Returns:
        JSON `{"key"}`, in base 64.

    Raises:
        Problem: 403 unless the catalogue opens that class to the service; 410 erased; 404; 503 come again.
    """
    asked = _asked(service, body)
    applicant = _text(asked, "applicant")
    _allow("applicant_key_asked", asked, applicant=applicant)
    return json.dumps({"key": _written(_key(applicant, asked.personal))}).encode()


def own_keys(service: str, body: bytes) -> bytes:
    """Give a service the keys by which it seals what it keeps itself of applicants (`protocol.sealing`).

    Args:
        service: who asks.
        body: JSON `{"applicants": [at most 1,000], "class", "purpose"}`.

    Returns:
        JSON `{"keys": {applicant: key}}`, in base 64; who is not named has no key, or none any more.

    Raises:
        Problem: 403 unless the catalogue opens that class to the service; 400; 503 come again.
    """
    asked = _asked(service, body)
    applicants = asked.said.get("applicants")
    if not isinstance(applicants, list) or len(applicants) > _MOST_APPLICANTS:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "invalid", f"applicants must be a list of at most {_MOST_APPLICANTS}"
        )
    _allow("own_keys_asked", asked, applicants=len(applicants))
    try:
        keys = data_keys(map(str, applicants), asked.personal)
    except NotNow as error:
        raise _come_again(error) from error
    return json.dumps(
        {"keys": {applicant: _written(own_key(key, service)) for applicant, key in keys.items()}}
    ).encode()


def template(service: str, body: bytes) -> bytes:
    """Give a service the template of the face in a clip or photo, opened, for a declared purpose.

    Args:
        service: who asks.
        body: JSON `{"applicant", "evidence_id", "class": "biometric", "purpose"}`.

    Returns:
        What the product keeps of it, as it keeps it.

    Raises:
        Problem: 403 unless the catalogue opens biometric values to the service; 410 erased; 404; 503.
    """
    asked = _asked(service, body)
    applicant, evidence_id = _text(asked, "applicant"), _text(asked, "evidence_id")
    if asked.personal is not PersonalClass.BIOMETRIC:
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid", "a face's template is biometric")
    _allow("face_template_asked", asked, applicant=applicant, evidence_id=evidence_id)
    try:
        return face_template(evidence_id, _key(applicant, asked.personal))
    except NoTemplate as error:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", str(error)) from error


def _allow(what: str, asked: _Asked, **about: object) -> None:
    """Log an asking, and refuse it where the catalogue opens no values of the class to the service."""
    granted = any((asked.service, asked.personal) in stream.opens for stream in STREAMS)
    _log.info(
        what,
        service=asked.service,
        personal_class=asked.personal,
        purpose=asked.purpose,
        granted=granted,
        **about,
    )
    if not granted:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "forbidden_class",
            f"the catalogue opens no {asked.personal} values to {asked.service}",
        )


def _asked(service: str, body: bytes) -> _Asked:
    try:
        said = json.loads(body)
        return _Asked(service, PersonalClass(said["class"]), str(said["purpose"]), said)
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "invalid", "a class and a purpose must be named, in JSON"
        ) from error


def _text(asked: _Asked, name: str) -> str:
    said = asked.said.get(name)
    if not isinstance(said, str) or not said:
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid", f"{name} must be named")
    return said


def _written(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _key(applicant: str, personal: PersonalClass) -> bytes:
    try:
        return data_key(applicant, personal, create=False)
    except Erased as error:
        raise Problem(HTTPStatus.GONE, "erased", str(error)) from error
    except NeverMade as error:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", str(error)) from error
    except NotNow as error:
        raise _come_again(error) from error


def _come_again(error: NotNow) -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", str(error))
