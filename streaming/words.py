"""The words of the public feed: what a record says before it has a number, and what is known of its case."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from protocol.reasons import reason

__all__ = [
    "CaseContext",
    "Form",
    "Json",
    "Kind",
    "NumberOf",
    "Personal",
    "PublicRecord",
    "encode",
    "feed_of",
    "reason_said",
    "rfc3339",
]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
# Finds the number of the record that an event, by its id, was first told in; None: it made no record.
NumberOf = Callable[[str], int | None]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """What a record is about. `request` and `erased` come with their events."""

    CASE = "case"
    EVIDENCE = "evidence"
    PARTIAL = "partial"
    CHECK = "check"
    DECISION = "decision"
    REVIEW = "review"
    WAITING = "waiting"
    OUTCOME = "outcome"  # the phone's word for a decision; never on a client's feed


class Form(StrEnum):
    """How the opened bytes of a personal value are shown."""

    TEXT = "text"
    LINES = "lines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """A personal value that is left out of `data` and put in at the edge, for those who may see it.

    `at` lists the keys that lead to its place in `data`; `path` names the sealed field of the event.
    """

    at: tuple[str, ...]
    path: str
    form: Form = Form.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRecord:
    """One record as it will be published; `final`: no later record for this fact is expected."""

    kind: Kind
    data: Mapping[str, Json]
    final: bool
    personal: tuple[Personal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseContext:
    """What a projection must know of a case besides the event: whose it is, and which fields were said.

    `said` holds "evidence/field" of every field that has a record.
    """

    case: str
    client: str
    applicant: str
    reference: str
    live: bool
    said: frozenset[str] = frozenset()

    @property
    def feed(self) -> str:
        """The feed its records go to."""
        return feed_of(self.client, live=self.live)


def feed_of(client: str, *, live: bool) -> str:
    """Name the feed of a client's live, or test, cases."""
    return f"{client}:{'live' if live else 'test'}"


def encode(value: Mapping[str, object]) -> bytes:
    """Write JSON the one way the feed writes it: compact, keys in the order given, UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def reason_said(code: str) -> Json:
    """Write a reason as a client may read it."""
    return {"code": code, "message": reason(code).applicant_text}


def rfc3339(at_us: int) -> str:
    """Write a moment, given in microseconds since 1970 UTC, as RFC 3339 with microseconds."""
    moment = _EPOCH + timedelta(microseconds=at_us)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
