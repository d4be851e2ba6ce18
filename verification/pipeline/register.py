"""The step that asks the licence register: asked before, answered after, asked again while there is time.

What a crash leaves between asked and answered is asked again under the same id: a look-up changes nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from protocol.checks import Check
from protocol.envelope import Event
from protocol.ids import caused_id, to_us
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
from verification.pipeline.facts import Facts, load, recall, remember
from verification.pipeline.judges.values import Values, values
from verification.pipeline.step import Look, emit_about
from verification.vision import driver_number

__all__ = ["NAME", "TABLE", "subscriber"]

NAME = "step.register"
_STEP, _DEPENDENCY, _MODEL = "register", "licence_register", "register-1"
_FIELDS = "fields:front"
TABLE = """
CREATE TABLE IF NOT EXISTS pipeline_register (
    subject TEXT PRIMARY KEY, call_id TEXT NOT NULL, attempt INTEGER NOT NULL,
    first_us INTEGER NOT NULL, until_us INTEGER NOT NULL, ended INTEGER NOT NULL
)
"""
# Asked for so long before submit; after it, until shortly before the case's deadline of 15 s, so that the
# check says that the register was away and not that time ran out.
_BEFORE_SUBMIT, _AFTER_SUBMIT = timedelta(seconds=12), timedelta(seconds=13)
_WAITING, _GIVEN_UP, _ANSWERED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Asking:
    """Where a case stands: the last call, its number, since when and until when the register is asked."""

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
    if not facts.ready((_FIELDS,), event):
        return
    # What was being asked was about a front that this one replaces.
    _drop(ctx, event.envelope.subject)
    read = values(facts)
    if read.document_type != "uk_driving_licence":
        _end(ctx, event, facts, None)
    elif _can_be_asked(read):
        now_us, until_us = to_us(ctx.now), to_us(ctx.now + _BEFORE_SUBMIT)
        _ask(ctx, event, _Asking("", 0, now_us, until_us, _WAITING))
    else:
        _end(ctx, event, facts, answers.unavailable(_STEP, "unreadable", evidence=read.evidence))


def _can_be_asked(read: Values) -> bool:
    """Tell whether there is a question: a number that breaks its own rule was misread, not unknown."""
    number = driver_number.parse(read.get("driver_number"))
    return number is not None and all(read.get(name) for name in ("family_name", "date_of_birth"))


def _submitted(event: Event, _value: object, ctx: Context) -> None:
    """Give the register until shortly before the case's deadline; ask again if it was given up."""
    asking = _asking(ctx, event.envelope.subject)
    if asking is None or asking.ended == _ANSWERED:
        return
    until_us = to_us(event.envelope.occurred_at + _AFTER_SUBMIT)
    if asking.ended == _GIVEN_UP:
        _ask(ctx, event, replace(asking, first_us=to_us(ctx.now), until_us=until_us))
    else:
        _keep(ctx, event.envelope.subject, replace(asking, until_us=until_us))


def _again(timer: Timer, ctx: Context) -> None:
    """Ask once more, after a pause."""
    asking, facts = _asking(ctx, timer.key), recall(_STEP, timer.key, ctx)
    if asking is not None and asking.ended == _WAITING:
        _ask(ctx, facts.events[_FIELDS], asking)


def _ask(ctx: Context, event: Event, asking: _Asking) -> None:
    attempt = asking.attempt + 1
    # One call id for one attempt, however often we die while asking.
    call_id = str(caused_id(event.envelope.id, _STEP, attempt))
    _keep(ctx, event.envelope.subject, replace(asking, call_id=call_id, attempt=attempt, ended=_WAITING))
    deadline_ms = round(DEADLINE_S * 1000)
    asked = d.CallAsked(dependency=_DEPENDENCY, call_id=call_id, attempt=attempt, deadline_ms=deadline_ms)
    emit_about(ctx, event, asked)


def _question(event: Event, ctx: Context) -> Look | None:
    """Give what to ask; None where a newer call has overtaken this one."""
    asking = _asking(ctx, event.envelope.subject)
    if asking is None or _call_id(event) != asking.call_id:
        return None
    read = values(recall(_STEP, event.envelope.subject, ctx))
    question = Question(
        call_id=asking.call_id,
        traceparent=event.envelope.traceparent,
        driver_number=read.get("driver_number"),
        family_name=read.get("family_name"),
        date_of_birth=read.get("date_of_birth"),
    )
    return Look(question)


def _told(event: Event, value: object, ctx: Context) -> None:
    """Tell what the register said, or what is done without it; an overtaken call ends without an answer."""
    asking = _asking(ctx, event.envelope.subject)
    if asking is None or _call_id(event) != asking.call_id:
        return
    facts = recall(_STEP, event.envelope.subject, ctx)
    if isinstance(value, Answer):
        _answered(event, value, facts, ctx)
    elif isinstance(value, Failure):
        _failed(event, value, facts, ctx)


def _answered(event: Event, answer: Answer, facts: Facts, ctx: Context) -> None:
    call_id = _call_id(event)
    emit_about(
        ctx,
        event,
        d.CallAnswered(dependency=_DEPENDENCY, call_id=call_id, answer=answer.code, took_ms=answer.took_ms),
    )
    evidence = facts.of(_FIELDS, v.FieldsRead).evidence_id
    (part,) = answers.breakdown((grade_register(answer),), evidence=evidence)
    _close(ctx, event, _ANSWERED)
    _end(ctx, event, facts, part)


def _failed(event: Event, failure: Failure, facts: Facts, ctx: Context) -> None:
    """Ask again with jitter while there is time; then the check ends as unavailable."""
    asking = _asking(ctx, event.envelope.subject)
    if asking is None:
        return
    failed = d.CallFailed(dependency=_DEPENDENCY, call_id=asking.call_id, failure=failure.kind)
    failed.took_ms = failure.took_ms
    emit_about(ctx, event, failed)
    pause_s = next_attempt(
        failures=asking.attempt,
        elapsed_ms=(to_us(ctx.now) - asking.first_us) // 1000,
        deadline_ms=(asking.until_us - asking.first_us) // 1000,
        draw_01=random.random(),  # noqa: S311 - jitter keeps cases from asking in step; nothing is secret
    )
    fallback = "unavailable" if pause_s is None else "ask_again"
    emit_about(ctx, event, d.FallbackTaken(dependency=_DEPENDENCY, failure=failure.kind, fallback=fallback))
    if pause_s is not None:
        ctx.remind(ctx.now + timedelta(seconds=pause_s), "ask", event.envelope.subject)
        return
    _close(ctx, event, _GIVEN_UP)
    evidence = facts.of(_FIELDS, v.FieldsRead).evidence_id
    _end(ctx, event, facts, answers.unavailable(_STEP, "register_unavailable", evidence=evidence))


def _end(ctx: Context, event: Event, facts: Facts, part: v.Breakdown | None) -> None:
    """End the check with its one part; None: there is nothing to ask of this document."""
    away = part is not None and any(r.code == "register_unavailable" for r in part.reasons)
    answer = answers.Answer(
        check=Check.REGISTER,
        parts=() if part is None else (part,),
        evidence=(facts.of(_FIELDS, v.FieldsRead).evidence_id,),
        model=_MODEL,
        final=not away,
        not_applicable=part is None,
    )
    emit_about(ctx, event, answer.completed(facts, ctx.now))


def _call_id(event: Event) -> str:
    return event.message.call_id if isinstance(event.message, d.CallAsked) else ""


def _asking(ctx: Context, subject: str) -> _Asking | None:
    rows = ctx.execute(
        "SELECT call_id, attempt, first_us, until_us, ended FROM pipeline_register WHERE subject = ?",
        (subject,),
    )
    return _Asking(*rows[0]) if rows else None


def _keep(ctx: Context, subject: str, asking: _Asking) -> None:
    ctx.execute(
        "INSERT INTO pipeline_register (subject, call_id, attempt, first_us, until_us, ended) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subject) DO UPDATE SET call_id = excluded.call_id, "
        "attempt = excluded.attempt, first_us = excluded.first_us, until_us = excluded.until_us, "
        "ended = excluded.ended",
        (subject, asking.call_id, asking.attempt, asking.first_us, asking.until_us, asking.ended),
    )


def _drop(ctx: Context, subject: str) -> None:
    ctx.execute("DELETE FROM pipeline_register WHERE subject = ?", (subject,))
    ctx.forget("ask", subject)


def _close(ctx: Context, event: Event, ended: int) -> None:
    ctx.execute("UPDATE pipeline_register SET ended = ? WHERE subject = ?", (ended, event.envelope.subject))
