"""Applicants' keys for services, through the journal door: one class each, for a purpose that is noted there.

A key is asked for when a value is to be opened, and not kept: an erasure must not wait for a service.
"""

from __future__ import annotations

import base64
import binascii

import httpx

from protocol.catalogue import PersonalClass
from subscriber.errors import SourceAway, SubscriberError

__all__ = ["KeyErased", "KeyNeverMade", "KeyRefused", "applicant_key"]

_PATH = "/internal/v1/keys"
_TIMEOUT_S = 5.0


class KeyErased(SubscriberError):
    """The applicant's key was destroyed: what it sealed is gone for good."""


class KeyNeverMade(SubscriberError):
    """The applicant never had a key of this class: nothing was sealed by one."""


class KeyRefused(SubscriberError):
    """The catalogue opens no values of this class to the service: mend the catalogue, or do not ask."""


def applicant_key(
    door_url: str, service_key: str, *, applicant: str, personal: PersonalClass, purpose: str
) -> bytes:
    """Ask the door for an applicant's key of one class.

    Args:
        door_url: where the door is.
        service_key: of the service that asks.
        applicant: whose key.
        personal: of which class.
        purpose: what for, in a few words; the door logs it.

    Raises:
        KeyErased, KeyNeverMade, KeyRefused: for good.
        SourceAway: the door, or its key store, cannot answer now: come again.
    """
    asked = {"applicant": applicant, "class": personal.value, "purpose": purpose}
    headers = {"Authorization": f"Bearer {service_key}"}
    try:
        # The door is on the loopback address: no proxy of the environment stands between.
        with httpx.Client(base_url=door_url, headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client:
            answer = client.post(_PATH, json=asked)
    except httpx.HTTPError as error:
        raise SourceAway(f"the journal door does not answer: {type(error).__name__}") from error
    return _key(answer, personal)


def _key(answer: httpx.Response, personal: PersonalClass) -> bytes:
    match answer.status_code:
        case httpx.codes.OK:
            try:
                return base64.b64decode(answer.json()["key"], validate=True)
            except (ValueError, KeyError, TypeError, binascii.Error) as error:
                raise SourceAway("the journal door's answer holds no key") from error
        case httpx.codes.GONE:
            raise KeyErased(f"the applicant's {personal} key was destroyed")
        case httpx.codes.NOT_FOUND:
            raise KeyNeverMade(f"the applicant has no {personal} key")
        case httpx.codes.FORBIDDEN | httpx.codes.BAD_REQUEST:
            raise KeyRefused(f"the journal door gives this service no {personal} key")
        case status:
            raise SourceAway(f"the journal door answers {status} to the asking for a key")
