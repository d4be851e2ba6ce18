"""Applicants' keys for services: only the classes the catalogue opens to them, and every asking logged."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus

import structlog

from events.door.problems import Problem
from events.errors import Erased, NeverMade
from events.keys import data_key
from protocol.catalogue import STREAMS, PersonalClass
from subscriber.errors import NotNow

__all__ = ["grant"]

_log = structlog.get_logger("vouch.door")


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
    applicant, personal, purpose = _asked(body)
    granted = any((service, personal) in stream.opens for stream in STREAMS)
    _log.info(
        "applicant_key_asked",
        service=service,
        applicant=applicant,
        personal_class=personal,
        purpose=purpose,
        granted=granted,
    )
    if not granted:
        raise Problem(
            HTTPStatus.FORBIDDEN, "forbidden_class", f"the catalogue opens no {personal} values to {service}"
        )
    return json.dumps({"key": base64.b64encode(_key(applicant, personal)).decode()}).encode()


def _asked(body: bytes) -> tuple[str, PersonalClass, str]:
    try:
        said = json.loads(body)
        return str(said["applicant"]), PersonalClass(said["class"]), str(said["purpose"])
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "invalid", "an applicant, a class and a purpose must be named, in JSON"
        ) from error


def _key(applicant: str, personal: PersonalClass) -> bytes:
    try:
        return data_key(applicant, personal, create=False)
    except Erased as error:
        raise Problem(HTTPStatus.GONE, "erased", str(error)) from error
    except NeverMade as error:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", str(error)) from error
    except NotNow as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", str(error)) from error
