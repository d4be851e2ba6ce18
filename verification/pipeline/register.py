"""The step that asks the licence register: asked before, answered after, asked again while there is time.

What a crash leaves between asked and answered is asked again under the same call id: a look-up changes nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from protocol.checks import Check
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import dependency_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Mode, Subscriber, Timer
from verification.dependencies.register import (
    DEADLINE_S,
    Answer,
    Failure,
    Question,
    grade_register,
    next_attempt,
)
from verification.pipeline import answers
from verification.pipeline.facts import Facts, load, remember
from verification.pipeline.judges.values import Values, values
from verification.pipeline.step import Look

__all__ = ["NAME", "TABLE", "subscriber"]

NAME = "step.register"
_STEP, _DEPENDENCY, _MODEL = "register", "licence_register", "register-1"
TABLE = """
CREATE TABLE IF NOT EXISTS pipeline_register (
    subject TEXT PRIMARY KEY, call_id TEXT NOT NULL, attempt INTEGER NOT NULL,
    first_us INTEGER NOT NULL, until_us INTEGER NOT NULL, ended INTEGER NOT NULL
) WITHOUT ROWID
"""
# Asked for so long before submit; after it, until shortly before the case's deadline of 15 s, so that what ends
# the check says that the register was away and not that time ran out.
_BEFORE_SUBMIT, _AFTER_SUBMIT = timedelta(seconds=12), timedelta(seconds=13)
_WAITING, _GIVEN_UP, _ANSWERED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Asking:
    """Where a case stands with the register: the last call, its number, since when and until when it is asked."""

    call_id: str
    attempt: int
    first_us: int
    until_us: int
    ended: int


def subscriber(check: Callable[[Question], Answer | Failure]) -> Subscriber:
    """Make the subscriber that asks by `check` and tells what came of it."""

    def ask(question: object) -> Answer | Failure:
        if not isinstance(question, Question):
            raise TypeError(f"the register takes a Question, not {type(question).__name__}")
        return check(question)

    return Subscriber(
        name=NAME,
        streams=("verification.case", "verification.partial", "dependency.call"),
        handlers=(
            Handler(types=(v.FieldsRead,), apply=_begin),
            Handler(types=(v.CaseSubmitted,), apply=_submitted),
            Handler(types=(d.CallAsked,), gather=_question, work=ask, apply=_told, mode=Mode.REACT),
        ),
        on_timer=_again,
    )


def _begin(event: Event, _value: object, ctx: Context) -> None:
    """Ask about a licence that was read; say at once where there is nothing to ask."""
    facts = load(_STEP, event, ctx)
    remember(_STEP, event, ctx)
    if not facts.ready(("fields:front",), event):
        return
    read = values_of(facts)
    evidence = facts.of("fields:front", v.FieldsRead).evidence_id
    if read.document_type != "uk_driving_licence":
        answer = answers.Answer(check=Check.REGISTER, parts=(), evidence=(evidence,), not_applicable=True)
        _emit(ctx, event, answer.completed(facts, ctx.now))
    elif not all(read.get(name) for name in ("driver_number", "family_name", "date_of_birth")):
        part = answers.unavailable("register", read.unavailable or "unreadable", evidence=evidence)
        answer = answers.Answer(check=Check.REGISTER, parts=(part,), evidence=(evidence,), model=_MODEL)
        _emit(ctx, event, answer.completed(facts, ctx.now))
    else:
        now_us = to_us(ctx.now)
        until_us = to_us(ctx.now + _BEFORE_SUBMIT)
        _ask(ctx, event, _Asking("", 0, now_us, until_us, _WAITING))


def values_of(facts: Facts) -> Values:
    """Open what was read from the front; a licence has no zone to wait for."""
    return values(facts)


def _submitted(event: Event, _value: object, ctx: Context) -> None:
    """Give the register until shortly before the case's deadline; ask again if it was given up."""
    asking = _asking(ctx, event.envelope.subject)
    if asking is None or asking.ended == _ANSWERED:
        return
    until_us = to_us(event.envelope.occurred_at + _AFTER_SUBMIT)
    if asking.ended == _GIVEN_UP:
        _ask(ctx, event, _Asking("", asking.attempt, to_us(ctx.now), until_us, _WAITING))
    else:
        _keep(ctx, event.envelope.subject, _Asking(asking.call_id, asking.attempt, asking.first_us, until_us, 0))


def _again(timer: Timer, ctx: Context) -> None:
    """Ask once more, after a pause."""
    asking = _asking(ctx, timer.key)
    facts = _facts(ctx, timer.key)
    if asking is not None and asking.ended == _WAITING and facts is not None:
        _ask(ctx, facts.events["fields:front"], asking)


def _ask(ctx: Context, event: Event, asking: _Asking) -> None:
    attempt = asking.attempt + 1
    # The evidence, the attempt: the same question is the same call, however often we die while asking it.
    call_id = f"{event.envelope.subject}/{attempt}"
    _keep(ctx, event.envelope.subject, _Asking(call_id, attempt, asking.first_us, asking.until_us, _WAITING))
    deadline_ms = round(DEADLINE_S * 1000)
    _emit(
        ctx,
        event,
        d.CallAsked(dependency=_DEPENDENCY, call_id=call_id, attempt=attempt, deadline_ms=deadline_ms),
    )


def _question(event: Event, ctx: Context) -> Look | None:
    facts = _facts(ctx, event.envelope.subject)
    asking = _asking(ctx, event.envelope.subject)
    if facts is None or asking is None or not isinstance(event.message, d.CallAsked):
        return None
    if event.message.call_id != asking.call_id:
        return None
    read = values_of(facts)
    question = Question(
        call_id=asking.call_id,
        driver_number=read.get("driver_number"),
        family_name=read.get("family_name"),
        date_of_birth=read.get("date_of_birth"),
    )
    return Look(question)


def _told(event: Event, value: object, ctx: Context) -> None:
    """Tell what the register said, or what is done without it."""
    facts, asking = _facts(ctx, event.envelope.subject), _asking(ctx, event.envelope.subject)
    if facts is None or asking is None:
        return
    if isinstance(value, Answer):
        _answered(event, value, (facts, asking), ctx)
    elif isinstance(value, Failure):
        _failed(event, value, (facts, asking), ctx)
