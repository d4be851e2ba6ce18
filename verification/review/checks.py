"""The nine checks as staff see them: how each ended, by which parts, why, and where it was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from protocol.case_state import CaseState
from protocol.checks import CHECKS, Check
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from verification.review.words import duration, label, listed, reason

__all__ = ["NOT_ENDED", "CheckShown", "Mark", "Part", "Why", "checks_of", "marks_of"]

NOT_ENDED = "not_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place on a picture: a number that the reason and the picture share, and a rectangle in px.

    `on_page`: the picture is the page cut from `evidence`, else the evidence as it was sent.
    """

    number: int
    about: str
    words: str
    status: str
    evidence: str
    on_page: bool
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A reason: its code, the staff's text, the fields that disagree, and its place on a picture if any."""

    code: str
    words: str
    fields: str
    mark: Mark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One graded part; `score` in the part's own unit, empty: it has none."""

    name: str
    status: str
    score: str
    reasons: tuple[Why, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckShown:
    """A check; `status` is "not_ended" before it has ended. `earlier` are answers that no longer count."""

    name: str
    status: str
    final: bool = True
    parts: tuple[Part, ...] = ()
    reasons: tuple[Why, ...] = ()
    model: str = ""
    took: str = ""
    position: int = 0
    earlier: tuple[str, ...] = ()

    @property
    def opened(self) -> bool:
        """Whether its parts are shown at once: whatever a person has to look at."""
        return self.status not in {"clear", "not_applicable", NOT_ENDED}


def checks_of(state: CaseState, events: Iterable[Event]) -> tuple[CheckShown, ...]:
    """Show all nine checks in the order of the table, each with the answer that counts."""
    said = {str(e.envelope.id): e for e in events if isinstance(e.message, v.CheckCompleted)}
    counted = {check: said[a.event_id] for check, a in state.checks.items() if a.event_id in said}
    numbers = iter(range(1, 1_000))
    return tuple(_shown(check, counted.get(check), said, numbers) for check in CHECKS)


def marks_of(checks: Iterable[CheckShown]) -> tuple[Mark, ...]:
    """List every place that a reason points to, in the order of their numbers."""
    whys = (why for check in checks for part in check.parts for why in part.reasons)
    return tuple(why.mark for why in whys if why.mark is not None)


def _shown(
    check: Check, counted: Event | None, said: Mapping[str, Event], numbers: Iterator[int]
) -> CheckShown:
    earlier = tuple(_earlier(e) for e in said.values() if e is not counted and _completed(e).check == check)
    if counted is None:
        return CheckShown(name=check, status=NOT_ENDED, final=False, earlier=earlier)
    answer = _completed(counted)
    took_us = answer.finished_at_us - answer.started_at_us
    return CheckShown(
        name=check,
        status=answer.status,
        final=answer.final,
        parts=tuple(_part(answer, part, numbers) for part in answer.breakdown),
        # The parts tell their own reasons; an answer without parts has only these.
        reasons=() if answer.breakdown else _part(answer, _whole(answer), numbers).reasons,
        model=answer.model,
        took=duration(took_us) if took_us else "",
        position=counted.envelope.position,
        earlier=earlier,
    )


def _whole(answer: v.CheckCompleted) -> v.Breakdown:
    """Take a whole answer as if it were its only part."""
    return v.Breakdown(name=answer.check, status=answer.status, reasons=answer.reasons)


def _completed(event: Event) -> v.CheckCompleted:
    if not isinstance(event.message, v.CheckCompleted):
        raise TypeError(f"event {event.envelope.id} is no answer to a check")
    return event.message


def _earlier(event: Event) -> str:
    answer = _completed(event)
    codes = dict.fromkeys(r.code for r in answer.reasons)
    why = f" ({listed(codes)})" if codes else ""
    return f"{label(answer.status)}{why}, position {event.envelope.position}"


def _part(answer: v.CheckCompleted, part: v.Breakdown, numbers: Iterator[int]) -> Part:
    return Part(
        name=part.name,
        status=part.status,
        score=f"{part.score:.3g}" if part.HasField("score") else "",
        reasons=tuple(_why(answer, r, part, numbers) for r in part.reasons),
    )


def _why(answer: v.CheckCompleted, given: v.Reason, part: v.Breakdown, numbers: Iterator[int]) -> Why:
    words, mark = reason(given.code), None
    if given.HasField("box") and given.evidence_id:
        mark = Mark(
            number=next(numbers),
            about=f"{label(answer.check)}, {label(part.name).lower()}",
            words=words,
            status=part.status,
            evidence=given.evidence_id,
            # Quality is judged on the picture as it was sent; every other step reads the straight page.
            on_page=answer.check != Check.QUALITY,
            x=given.box.x,
            y=given.box.y,
            width=given.box.width,
            height=given.box.height,
        )
    return Why(code=given.code, words=words, fields=listed(given.fields) if given.fields else "", mark=mark)
