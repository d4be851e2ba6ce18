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

__all__ = ["Once", "case_of", "forget_old", "request"]

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


def case_of(asker: Principal, once: Once, *, new: str, now: datetime) -> str:
    """Give the case that the same request opened before; else note, in the caller's transaction, a new one.

    The row is written before it is read: of two equal requests at once the second waits at the row of the
    first, and then finds its case.

    Args:
        asker: whose key it is.
        once: the request.
        new: the id of the case that is opened if the request is the first.
        now: the present moment.

    Raises:
        Refused: `idempotency_mismatch`: the key came with another body.
    """
    forget_old(now=now)
    mine = {"client": asker.client, "live": asker.live, "key": once.key}
    row = IdempotencyKey(**mine, body_hmac=once.body_hmac, case=new, used_at_us=to_us(now))
    IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
    found = IdempotencyKey.objects.get(**mine)
    if bytes(found.body_hmac) != once.body_hmac:
        raise Refused(
            "idempotency_mismatch",
            "this Idempotency-Key came with another body; use a fresh key for another request",
            field="Idempotency-Key",
        )
    return found.case


def forget_old(*, now: datetime) -> None:
    """Drop what is older than 24 hours."""
    IdempotencyKey.objects.filter(used_at_us__lte=to_us(now - _KEPT)).delete()
