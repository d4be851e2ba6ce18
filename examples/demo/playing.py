"""Plays one applicant: opens a case, uploads the document and the clip, and waits for the decision."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from examples.demo.following import Arrived, Follower

__all__ = ["Played", "Script", "Stage", "play"]

_DECIDED_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Script:
    """What one applicant does.

    `claimed` is what they say of themselves; `front` gives the picture of the document (JPEG bytes), `clip`
    renders the recording of a challenge's actions, pairs of what and when in ms (MP4 bytes).
    """

    reference: str
    claimed: dict[str, str]
    front: Callable[[], bytes]
    clip: Callable[[tuple[tuple[str, int], ...]], bytes]
    stake: str = "3000.00"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the applicant plays: the product's address, a client's key, and the client's reader.

    `uploaded` is told when the last byte of an upload has left, in seconds of the monotonic clock.
    """

    url: str
    key: str
    follower: Follower
    uploaded: Callable[[float], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Played:
    """How it went: the case, its last decision (None: it did not settle), and when the uploads ended, s."""

    case: str
    decision: Arrived | None
    first_upload_s: float
    last_upload_s: float
    records: list[Arrived]

    def checks(self) -> dict[str, dict[str, object]]:
        """Give the last answer of each check."""
        return {str(a.data["check"]): a.data for a in self.records if a.kind == "check"}


def play(script: Script, stage: Stage) -> Played:
    """Take one applicant through, as a phone and a client would.

    Raises:
        httpx.HTTPStatusError: the product refused something; the message holds its problem.
    """
    with httpx.Client(
        base_url=stage.url, headers={"Authorization": f"Bearer {stage.key}"}, timeout=30
    ) as client:
        front = script.front()
        case = _open(client, script)
        challenge = _ok(client.post(f"/v1/cases/{case}/challenge"))
        clip = script.clip(tuple((a["do"], a["at_ms"]) for a in challenge["actions"]))
        sent_s = [
            _upload(client, case, fields, data, stage.uploaded)
            for fields, data in (
                ({"kind": "document_front"}, front),
                ({"kind": "face_video", "challenge": str(challenge["id"])}, clip),
            )
        ]
        _ok(client.post(f"/v1/cases/{case}/submit"))
    settled = _settled(stage.follower, case)
    return Played(case, settled, sent_s[0], sent_s[-1], stage.follower.of(case))


def _open(client: httpx.Client, script: Script) -> str:
    body = {
        "reference": script.reference,
        "stake": {"amount": script.stake, "currency": "GBP"},
        "claimed": script.claimed,
        "minimum_age": 18,
        "biometrics": {
            "basis": "consent",
            "text_version": "2026-01",
            "locale": "en-GB",
            "given_at": datetime.now(UTC).isoformat(),
        },
    }
    headers = {"Idempotency-Key": secrets.token_hex(16)}
    return str(_ok(client.post("/v1/cases", json=body, headers=headers))["id"])


def _upload(
    client: httpx.Client,
    case: str,
    fields: dict[str, str],
    data: bytes,
    uploaded: Callable[[float], None],
) -> float:
    """Send one file; give the moment at which its last byte had left."""
    request = client.build_request("POST", f"/v1/cases/{case}/evidence", data=fields, files={"file": data})
    body, left_s = request.read(), 0.0

    def sending() -> Iterator[bytes]:
        nonlocal left_s
        yield body
        left_s = time.monotonic()
        uploaded(left_s)

    headers = {name: request.headers[name] for name in ("content-type", "content-length")}
    _ok(client.post(request.url, content=sending(), headers=headers))
    return left_s


def _ok(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise httpx.HTTPStatusError(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}",
            request=answer.request,
            response=answer,
        )
    body: dict[str, Any] = answer.json() if answer.content else {}
    return body


def _settled(follower: Follower, case: str) -> Arrived | None:
    """Wait for a decision that waits for nothing and rests on no deadline."""

    def good(arrived: Arrived) -> bool:
        if arrived.kind != "decision" or arrived.data["missing"]:
            return False
        because = arrived.data["because"]
        resting = [
            a for a in follower.of(case) if isinstance(because, list) and a.record["number"] in because
        ]
        return not any(r.get("code") == "deadline" for a in resting for r in _reasons(a))

    return follower.wait_for(case, good, _DECIDED_WITHIN_S)


def _reasons(arrived: Arrived) -> list[dict[str, object]]:
    reasons = arrived.data.get("reasons", [])
    return reasons if isinstance(reasons, list) else []
