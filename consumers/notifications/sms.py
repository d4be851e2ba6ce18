"""Hands short messages to a gateway: one JSON request each (docs/services/notifications.md)."""

from __future__ import annotations

from typing import Final

import httpx

from consumers.notifications.results import NotTaken, Outgoing, Taken, Unanswered
from consumers.notifications.settings import SmsGateway

__all__ = ["SmsPort"]

# Errors that come before anything of the request has left.
_BEFORE: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_PASSING: Final = frozenset({401, 403, 408, 409, 425, 429})


class SmsPort:
    """A `Port` to a gateway that knows idempotency keys."""

    def __init__(self, gateway: SmsGateway) -> None:
        self._gateway = gateway

    def send(self, outgoing: Outgoing) -> Taken | NotTaken | Unanswered:
        """Hand a message over; see `Port`. A redirection is no taking: it is not followed."""
        headers = {"Idempotency-Key": outgoing.message_id}
        if self._gateway.token:
            headers["Authorization"] = f"Bearer {self._gateway.token}"
        body = {"to": outgoing.address, "text": outgoing.words.sms, "reference": outgoing.message_id}
        try:
            answer = httpx.post(
                self._gateway.url,
                json=body,
                headers=headers,
                timeout=self._gateway.timeout_s,
                trust_env=False,
            )
        except _BEFORE:
            return NotTaken("connection", passing=True)
        except httpx.HTTPError:
            return Unanswered()
        if answer.is_success:
            return Taken("http")
        status = answer.status_code
        # What is wrong with us may be mended; what is wrong with the message stays.
        return NotTaken(f"http_{status}", passing=status >= 500 or status in _PASSING)
