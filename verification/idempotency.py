"""Remembers for 24 hours which request opened which case, so that a request sent twice opens one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from access.principals import Principal
from protocol.ids import to_us
from protocol.problems import Refused
from verification.models import IdempotencyKey

__all__ = ["Once", "forget_old", "opened_by", "remember", "request"]

_KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Once:
    """A request's Idempotency-Key, and a keyed hash of its body."""

    key: str
    body_hmac: bytes


def request(key: str, body: object) -> Once:
    """Describe a request by its key and its JSON body, whatever the order of its members."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return Once(key, salted_hmac("vouch.idempotency", canonical, algorithm="sha256").digest())


def opened_by(asker: Principal, once: Once, *, now: datetime) -> str | None:
    """Give the case that the same request opened before; None: it is the first.

    Raises:
        Refused: `idempotency_mismatch`: the key came with another body.
    """
    found = IdempotencyKey.objects.filter(
        client=asker.client, live=asker.live, key=once.key, used_at_us__gt=to_us(now - _KEPT)
    ).first()
    if found is None:
        return None
    if bytes(found.body_hmac) != once.body_hmac:
        raise Refused(
            "idempotency_mismatch",
            "this Idempotency-Key came with another body; use a fresh key for another request",
            field="Idempotency-Key",
        )
    return found.case


def remember(asker: Principal, once: Once, case: str, *, now: datetime) -> None:
    """Note which case a request opened, in the caller's transaction."""
    forget_old(now=now)
    IdempotencyKey.objects.create(
        client=asker.client,
        live=asker.live,
        key=once.key,
        body_hmac=once.body_hmac,
        case=case,
        used_at_us=to_us(now),
    )


def forget_old(*, now: datetime) -> None:
    """Drop what is older than 24 hours."""
    IdempotencyKey.objects.filter(used_at_us__lte=to_us(now - _KEPT)).delete()
