"""Asks the licence register whether it knows a licence, and grades what it says."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import httpx

from verification.dependencies.breaker import Breaker
from verification.vision.grades import Cue

__all__ = [
    "DEADLINE_S",
    "Answer",
    "Failure",
    "LicenceRegister",
    "Question",
    "grade_register",
    "next_attempt",
    "pause_while_waiting",
]

DEADLINE_S = 3.0
# How often it is asked while a client's dial has it waited for.
_WAITING_PAUSE_S = 30.0
_MOST_BYTES = 16_384
# First pause 0.5 s, doubled each time up to 4 s: about five questions within a case's 15 s.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 4.0

Status = Literal["valid", "expired", "revoked"]
Trouble = Literal["not_there", "slow", "unreliable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked; `call_id` is the idempotency key, `traceparent` the trace that the call goes on with.

    Personal values never show in its representation.
    """

    call_id: str
    traceparent: str
    driver_number: str = field(repr=False)
    family_name: str = field(repr=False)
    date_of_birth: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the register says; `status` is None when it does not know the number."""

    known: bool
    matches: bool
    status: Status | None
    took_ms: int

    @property
    def code(self) -> Literal["matched", "mismatched", "unknown", "expired", "revoked"]:
        """The answer in one word, as it is journalled."""
        if not self.known:
            return "unknown"
        if not self.matches:
            return "mismatched"
        return "matched" if self.status is None or self.status == "valid" else self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no answer; `asked` False: the breaker held the question back, nothing left the house."""

    kind: Trouble
    took_ms: int
    asked: bool = True


class _Unusable(Exception):
    """The register said something that is no answer."""


class _NotThere(Exception):
    """The register said that it is away."""


@dataclass(slots=True)
class LicenceRegister:
    """The register at an address; one object a process, asked from one thread.

    `clock` gives seconds that never fall, `deadline_s` bounds a whole question, connection included.
    """

    url: str
    breaker: Breaker
    clock: Callable[[], float]
    deadline_s: float = DEADLINE_S
    # Made once: reading the certificates costs more than a whole question on this machine.
    tls: ssl.SSLContext = field(default_factory=httpx.create_ssl_context, repr=False)

    def check(self, question: Question) -> Answer | Failure:
        """Ask; an answer or the kind of failure comes back within the deadline, never an exception."""
        began_s = self.clock()
        if not self.breaker.admits(began_s):
            return Failure(kind="not_there", took_ms=0, asked=False)
        try:
            body = asyncio.run(self._ask(question))
            known, matches, status = _read(body)
        except (TimeoutError, httpx.TimeoutException):
            return self._failed("slow", began_s)
        except (_NotThere, httpx.ConnectError):
            return self._failed("not_there", began_s)
        except (_Unusable, httpx.HTTPError):
            return self._failed("unreliable", began_s)
        self.breaker.succeeded()
        return Answer(known=known, matches=matches, status=status, took_ms=self._since_ms(began_s))

    async def _ask(self, question: Question) -> bytes:
        # httpx bounds each phase, not their sum; a redirect or a proxy would carry personal data elsewhere.
        async with asyncio.timeout(self.deadline_s):
            client = httpx.AsyncClient(verify=self.tls, timeout=self.deadline_s, trust_env=False)
            headers = {
                "Idempotency-Key": question.call_id,
                "Accept-Encoding": "identity",
                "traceparent": question.traceparent,
            }
            url = f"{self.url.rstrip('/')}/v1/licences/check"
            async with client, client.stream("POST", url, headers=headers, json=_asked(question)) as reply:
                return await _body(reply)

    def _failed(self, kind: Trouble, began_s: float) -> Failure:
        self.breaker.failed(self.clock())
        return Failure(kind=kind, took_ms=self._since_ms(began_s))

    def _since_ms(self, began_s: float) -> int:
        return round((self.clock() - began_s) * 1000)


def _asked(question: Question) -> dict[str, str]:
    return {
        "driver_number": question.driver_number,
        "family_name": question.family_name,
        "date_of_birth": question.date_of_birth,
    }


async def _body(reply: httpx.Response) -> bytes:
    if reply.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise _NotThere
    if reply.status_code != httpx.codes.OK:
        raise _Unusable
    body = b""
    async for part in reply.aiter_raw():
        body += part
        if len(body) > _MOST_BYTES:
            raise _Unusable
    return body


def _read(body: bytes) -> tuple[bool, bool, Status | None]:
    """Read an answer, or refuse it: what is not exactly an answer must never become one."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise _Unusable from None
    if not isinstance(said, dict):
        raise _Unusable
    known, matches, status = said.get("known"), said.get("matches"), said.get("status")
    if not isinstance(known, bool) or not isinstance(matches, bool) or matches > known:
        raise _Unusable
    if not known:
        return False, False, None
    return True, matches, _status(status)


def _status(word: object) -> Status:
    match word:
        case "valid" | "expired" | "revoked":
            return word
        case _:
            raise _Unusable


def grade_register(answer: Answer) -> Cue:
    """Grade what the register said, as the one part of check `register`.

    A revoked licence is graded like one that belongs to somebody else: it does not prove its holder.
    """
    match answer.code:
        case "matched":
            return Cue("register", "clear")
        case "expired":
            return Cue("register", "caution", ("expired_document",))
        case "unknown":
            return Cue("register", "rejected", ("register_unknown",))
        case "mismatched" | "revoked":
            return Cue("register", "rejected", ("register_mismatch",))


def next_attempt(*, failures: int, elapsed_ms: int, deadline_ms: int, draw_01: float) -> float | None:
    """Say after how many seconds to ask again, or None: the answer could not come in time any more.

    Args:
        failures: questions of this case that got no answer, at least 1.
        elapsed_ms: since the first question.
        deadline_ms: the case's, counted from the first question.
        draw_01: chance from 0 to 1; half of the pause is drawn, so that cases do not ask in step.
    """
    pause_s = min(_FIRST_PAUSE_S * 2.0 ** min(failures - 1, 10), _LONGEST_PAUSE_S) * (0.5 + draw_01 / 2)
    return pause_s if elapsed_ms + pause_s * 1000 < deadline_ms else None


def pause_while_waiting(draw_01: float) -> float:
    """Say after how many seconds to ask again while a dial runs: from 27 to 33, by chance from 0 to 1."""
    return _WAITING_PAUSE_S * (0.9 + draw_01 / 5)
