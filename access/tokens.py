"""What a phone holds: a case token, and the single-use code in the capture address that it is changed for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from access.models import CaptureCode, CaseToken
from access.principals import Unauthorised, digest
from protocol.ids import from_us, to_us
from protocol.schemas import verification_v1_pb2 as v

__all__ = ["Grant", "case_of_code", "last_end", "mint"]

TOKEN_LASTS = timedelta(minutes=30)
CODE_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A fresh token and, unless it was changed for one, a fresh code; `issued` says so with hashes only."""

    token: str
    code: str
    expires_at: datetime
    issued: v.CaptureTokenIssued


def mint(*, now: datetime, replaces: bool = False, exchanged: str = "") -> Grant:
    """Make a token, and a code unless it is `exchanged` for one; `replaces`: the case's older ones end."""
    token = f"vouch_case_{secrets.token_urlsafe(32)}"
    code = "" if exchanged else secrets.token_urlsafe(32)
    issued = v.CaptureTokenIssued(
        token_sha256=digest(token), expires_at_us=to_us(now + TOKEN_LASTS), replaces=replaces
    )
    if exchanged:
        issued.exchanged_code_sha256 = digest(exchanged)
    else:
        issued.code_sha256 = digest(code)
        issued.code_expires_at_us = to_us(now + CODE_LASTS)
    return Grant(token=token, code=code, expires_at=now + TOKEN_LASTS, issued=issued)


def case_of_code(code: str, *, now: datetime) -> str:
    """Give the case whose capture address carries a code.

    Raises:
        Unauthorised: no such code, or it was used, replaced or has expired.
    """
    found = CaptureCode.objects.filter(pk=digest(code), ended_at_us=0, expires_at_us__gt=to_us(now)).first()
    if found is None:
        raise Unauthorised
    return found.case


def last_end(case: str) -> datetime:
    """Tell when the last token or code of a case ends or has ended.

    Raises:
        ValueError: the case never had one.
    """
    ends = [
        min(row.expires_at_us, row.ended_at_us or row.expires_at_us)
        for table in (CaseToken, CaptureCode)
        for row in table.objects.filter(case=case)
    ]
    return from_us(max(ends))
