"""What the journal door gives services of applicants: keys and templates, for a purpose that is noted there.

A key is asked for when a value is to be opened, and not kept: an erasure must not wait for a service. What a
service keeps itself, it seals under own keys, which are gone with the applicant's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import httpx

from protocol.catalogue import PersonalClass
from subscriber.errors import SourceAway, SubscriberError

__all__ = ["MOST_APPLICANTS", "KeyErased", "KeyNeverMade", "KeyRefused", "Keys", "NoTemplate"]

# As many as the door gives own keys of in one answer.
MOST_APPLICANTS: Final = 1_000
_TIMEOUT_S: Final = 5.0


class KeyErased(SubscriberError):
    """The applicant's key was destroyed: what it sealed is gone for good."""


class KeyNeverMade(SubscriberError):
    """The applicant never had a key of this class: nothing was sealed by one."""


class NoTemplate(SubscriberError):
    """No template was kept of that evidence."""


class KeyRefused(SubscriberError):
    """The catalogue opens no values of this class to the service: mend the catalogue, or do not ask."""


class Keys:
    """A service's way to applicants' keys; threads may share it. Close it when the door has moved.

    Args:
        door_url: where the door is.
        service_key: of the service that asks.
        purpose: what for, in a few words; the door logs it with each asking.
    """

    def __init__(self, door_url: str, service_key: str, *, purpose: str) -> None:
        self._purpose = purpose
        # The door is on the loopback address: no proxy of the environment stands between.
        self._http = httpx.Client(
            base_url=door_url,
            headers={"Authorization": f"Bearer {service_key}"},
            timeout=_TIMEOUT_S,
            trust_env=False,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def of(self, applicant: str, personal: PersonalClass) -> bytes:
        """Ask for an applicant's key of one class.

        Raises:
            KeyErased, KeyNeverMade, KeyRefused: for good.
            SourceAway: the door, or its key store, cannot answer now: come again.
        """
        answer = self._ask("keys", personal, {"applicant": applicant})
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise KeyNeverMade(f"the applicant has no {personal} key")
        with _well_read():
            return _key(answer.json()["key"])

    def own(self, applicants: Sequence[str], personal: PersonalClass) -> dict[str, bytes]:
        """Ask for the own keys (`protocol.sealing.own_key`) of at most `MOST_APPLICANTS` applicants.

        Returns:
            One for each that has a key of the class; of those left out it was destroyed or never made.

        Raises:
            KeyRefused, SourceAway: as `of`.
        """
        answer = self._ask("own-keys", personal, {"applicants": list(applicants)})
        with _well_read():
            return {str(applicant): _key(said) for applicant, said in answer.json()["keys"].items()}

    def template(self, applicant: str, evidence_id: str) -> bytes:
        """Ask for the template of the face in a clip or photo: (n, 128) numbers, as `numpy.save` writes them.

        Raises:
            KeyErased, KeyRefused, SourceAway: as `of`.
            NoTemplate: none was kept.
        """
        about = {"applicant": applicant, "evidence_id": evidence_id}
        answer = self._ask("templates", PersonalClass.BIOMETRIC, about)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NoTemplate(f"evidence {evidence_id} has no template")
        return answer.content

    def _ask(self, what: str, personal: PersonalClass, about: Mapping[str, object]) -> httpx.Response:
        """Ask, and answer with what is there (200) or is not (404)."""
        said = {**about, "class": personal.value, "purpose": self._purpose}
        try:
            answer = self._http.post(f"/internal/v1/{what}", json=said)
        except httpx.HTTPError as error:
            raise SourceAway(f"the journal door does not answer: {type(error).__name__}") from error
        match answer.status_code:
            case httpx.codes.OK | httpx.codes.NOT_FOUND:
                return answer
            case httpx.codes.GONE:
                raise KeyErased(f"the applicant's {personal} key was destroyed")
            case httpx.codes.FORBIDDEN | httpx.codes.BAD_REQUEST:
                raise KeyRefused(f"the journal door gives this service no {personal} values")
            case status:
                raise SourceAway(f"the journal door answers {status} to the asking for {what}")


@contextmanager
def _well_read() -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise SourceAway("the journal door's answer holds no key") from error


def _key(said: str) -> bytes:
    return base64.b64decode(said, validate=True)
