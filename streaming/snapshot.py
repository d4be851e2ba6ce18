"""The snapshot of a case: a fold of its own public records, so the record that it reflects is exact.

`reflects.from` is the first record that it rests on. Where retention took records from the case's beginning,
that is the oldest that is kept: evidence and facts told before it are not there, and of checks and a decision
told before it there is what the case still knows, marked `"kept": false`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from access.authentication import principal_of
from access.principals import Principal, require
from protocol.case_decisions import Decision
from protocol.case_state import CaseState, load
from protocol.ids import to_us
from protocol.problems import Refused
from streaming.models import FeedCase, FeedPlace
from streaming.personal import fill
from streaming.reading.feeds import Overtaken, Part, Row, case_owner, head_of, read
from streaming.words import Json, Kind, feed_of

__all__ = ["snapshot", "view"]

# A case that was opened a moment ago gets its first record within milliseconds.
_PATIENCE_S: Final = 2.0
_LOOK_S: Final = 0.02
_Age = tuple[bool, int]


@extend_schema(operation_id="case_snapshot", responses={200: OpenApiTypes.OBJECT})
@api_view(["GET"])
def view(request: Request, case: UUID) -> Response:
    """Answer `GET /v1/cases/{id}`."""
    return Response(snapshot(str(case), principal_of(request)))


def snapshot(case: str, principal: Principal) -> dict[str, Json]:
    """Tell where a case stands, from the records that the client's feed has of it.

    Raises:
        Refused: `forbidden_scope`, `not_found`, or `unavailable` while the feed is behind.
        KeysAway: personal values cannot be opened now: come again.
    """
    require(principal, "feed:read")
    known = _known(case, principal)
    feed = feed_of(known.client, live=known.live)
    first, rows = _rows(Part(feed=feed, case=case), known)
    state = load(known.state.encode())
    told = _Told.of(rows, personal="feed:personal" in principal.scopes)
    if first > known.first:
        told.by_event = {**_remembered(state), **told.by_event}
    return {
        "id": case,
        "applicant": known.applicant,
        "reference": known.reference,
        "live": known.live,
        "status": state.status,
        "evidence": [*told.evidence],
        "facts": {**told.facts},
        "checks": {check: told.by_event[answer.event_id] for check, answer in state.checks.items()},
        "decision": None if state.decision is None else _decision(state.decision, told),
        "missing": [*state.missing],
        "reflects": {"epoch": head_of(feed).epoch, "from": first, "number": known.last},
    }


def _known(case: str, principal: Principal) -> FeedCase:
    """Find the case in the feed; one that only the journal has yet is waited for."""
    owner = case_owner(case)
    if owner is None or (owner.client, owner.live) != (principal.client, principal.live):
        raise Refused("not_found", "you have no case of that id")
    ends_s = time.monotonic() + _PATIENCE_S
    while (known := FeedCase.objects.filter(case=case).first()) is None:
        if time.monotonic() > ends_s:
            raise Refused("unavailable", "the feed is behind; come back", retry_after=2)
        time.sleep(_LOOK_S)
    return known


def _rows(part: Part, known: FeedCase) -> tuple[int, list[Row]]:
    """Read the case's records that are kept; gives the number from which on they are all there."""
    first, at, rows = known.first, 0, list[Row]()
    while at < known.last:
        try:
            batch = read(part, at, known.last)
        except Overtaken as gone:
            first, at, rows = gone.oldest, gone.oldest - 1, []
            continue
        rows.extend(batch.rows)
        at = batch.upto
    return first, rows


def _decision(decision: Decision, told: _Told) -> Json:
    """Tell the decision as it stands now: one ahead ends by its clock, also while nobody says so."""
    said = told.by_event[decision.event_id]
    return {**said, "state": decision.state_at(to_us(timezone.now()))}


def _remembered(state: CaseState) -> dict[str, dict[str, Json]]:
    """Tell of the answers and the decision that count what is known without their records."""
    answers, decision = state.checks, state.decision
    told: dict[str, dict[str, Json]] = {
        answer.event_id: {"check": check.value, "status": answer.status} for check, answer in answers.items()
    }
    if decision is not None:
        told[decision.event_id] = {"outcome": decision.outcome, "state": decision.state, "by": decision.by}
    places = dict(FeedPlace.objects.filter(event_id__in=told).values_list("event_id", "number"))
    return {id_: {**said, "number": places.get(id_), "kept": False} for id_, said in told.items()}


@dataclass(slots=True)
class _Told:
    """What the records of a case say: its evidence, the newest of each fact, and what each event told."""

    evidence: list[Json] = field(default_factory=list)
    facts: dict[str, Json] = field(default_factory=dict)
    by_event: dict[str, dict[str, Json]] = field(default_factory=dict)
    # How old the picture of each fact is, and of each accepted evidence: a back counts less than any front.
    _fact_ages: dict[str, _Age] = field(default_factory=dict)
    _ages: dict[str, _Age] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Sequence[Row], *, personal: bool) -> _Told:
        """Fold records; a fact on a back never hides the front's, nor a replaced picture's the newer's."""
        told = cls()
        for row in rows:
            record = json.loads(fill(row.body, row.personal) if personal and row.personal else row.body)
            data = {**record["data"], "number": row.number}
            match record["kind"]:
                case Kind.EVIDENCE:
                    told._accept(data, row.number)
                case Kind.PARTIAL if "fact" in data:  # what was erased names none
                    told._tell(data.pop("fact"), data)
                case Kind.CHECK | Kind.DECISION:
                    told.by_event.setdefault(row.event_id, {**data, "final": record["final"]})
        return told

    def _accept(self, data: dict[str, Json], number: int) -> None:
        self.evidence.append(data)
        if data["accepted"]:
            self._ages[str(data["id"])] = (data["kind"] != "document_back", number)

    def _tell(self, fact: str, data: dict[str, Json]) -> None:
        # A fact that names no picture is as new as the newest of them.
        age = self._ages.get(str(data["evidence"]), max(self._ages.values(), default=(False, 0)))
        if age >= self._fact_ages.get(fact, age):
            self.facts[fact], self._fact_ages[fact] = data, age
