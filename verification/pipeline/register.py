"""The step that asks the licence register: asked before, answered after, asked again while there is time.

What a crash leaves between asked and answered is asked again under the same id: a look-up changes nothing.
Where the client's dial is on, a register that is away is waited for: the event that says so has the end.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from access.dials import register_dial
from protocol.checks import Check
from protocol.envelope import Event
from protocol.ids import caused_id, from_us, to_us
from protocol.schemas import dependency_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Mode, Subscriber, Timer
from verification.dependencies.register import (
    DEADLINE_S,
    WAITS,
    Answer,
    Failure,
    Question,
    grade_register,
    next_attempt,
    pause_while_waiting,
)
from verification.pipeline import answers, asking
from verification.pipeline.asking import TABLE, Asking, Stage
from verification.pipeline.facts import Facts, load, recall, remember
from verification.pipeline.judges.values import Values, values
from verification.pipeline.step import Look, emit_about
from verification.vision import driver_number

__all__ = ["NAME", "TABLE", "subscriber"]

NAME = "step.register"
_STEP, _DEPENDENCY, _MODEL = "register", "licence_register", "register-1"
_FIELDS = "fields:front"
_END_OF_WAITING = "unavailable"
# Asked for so long before submit; after it, until shortly before the case's deadline of 15 s, so that the
# check says that the register was away and not that time ran out.
_BEFORE_SUBMIT, _AFTER_SUBMIT = timedelta(seconds=12), timedelta(seconds=13)
# With the dial on, hiccups are bridged for so long before a person is kept waiting for more.
_BEFORE_WAITING = timedelta(seconds=5)


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
            Handler(types=(v.CaseWithdrawn, v.CaseExpired), apply=_called_off),
            Handler(types=(d.CallAsked,), gather=_question, work=ask, apply=_told, mode=Mode.REACT),
        ),
        on_timer=_ring,
    )


def _begin(event: Event, _value: object, ctx: Context) -> None:
    """Ask about a licence that was read; say at once where there is nothing to ask."""
    facts = load(_STEP, event, ctx)
    remember(_STEP, event, ctx)
    if not facts.ready((_FIELDS,), event):
        return
    # What was being asked was about a front that this one replaces.
    before = asking.held(ctx, event.envelope.subject)
    asking.drop(ctx, event.envelope.subject)
    read = values(facts)
    if read.document_type != "uk_driving_licence":
        _end(ctx, event, facts, None)
    elif _can_be_asked(read):
        _ask(ctx, event, _start(before, ctx))
    else:
        _end(ctx, event, facts, answers.unavailable(_STEP, "unreadable", evidence=read.evidence))


def _start(before: Asking | None, ctx: Context) -> Asking:
    """Begin to ask; a waiting that runs does not last longer for a new front."""
    now_us = to_us(ctx.now)
    if before is not None and before.stage is Stage.WAITS and before.until_us > now_us:
        return Asking("", 0, now_us, before.until_us, Stage.WAITS)
    return Asking("", 0, now_us, to_us(ctx.now + _BEFORE_SUBMIT), Stage.ASKED)


def _can_be_asked(read: Values) -> bool:
    """Tell whether there is a question: a number that breaks its own rule was misread, not unknown."""
    number = driver_number.parse(read.get("driver_number"))
    return number is not None and all(read.get(name) for name in ("family_name", "date_of_birth"))


def _submitted(event: Event, _value: object, ctx: Context) -> None:
    """Give the register until shortly before the case's deadline; ask again if it was given up."""
    subject = event.envelope.subject
    until_us = to_us(event.envelope.occurred_at + _AFTER_SUBMIT)
    match asking.held(ctx, subject):
        case Asking(stage=Stage.ASKED) as at:
            asking.keep(ctx, subject, replace(at, until_us=until_us))
        case Asking(stage=Stage.GIVEN_UP) as at:
            _ask(ctx, event, replace(at, first_us=to_us(ctx.now), until_us=until_us, stage=Stage.ASKED))
        case Asking(stage=Stage.WAITED) as at:
            # Once more, and no longer: its time is over.
            _ask(ctx, event, replace(at, stage=Stage.WAITS))


def _called_off(event: Event, _value: object, ctx: Context) -> None:
    """Ask no more about somebody whom nobody asks about any more."""
    asking.drop(ctx, event.envelope.subject)


def _ring(timer: Timer, ctx: Context) -> None:
    """Ask once more, after a pause; or end a waiting whose time has come."""
    at, facts = asking.held(ctx, timer.key), recall(_STEP, timer.key, ctx)
    if at is None or not at.goes_on:
        return
    if timer.name == asking.END:
        _give_up(ctx, facts.events[_FIELDS], "not_there", Stage.WAITED)
    elif at.stage is Stage.ASKED or to_us(ctx.now) < at.until_us:
        _ask(ctx, facts.events[_FIELDS], at)


def _ask(ctx: Context, event: Event, at: Asking) -> None:
    attempt = at.attempt + 1
    # One call id for one attempt, however often we die while asking.
    call_id = str(caused_id(event.envelope.id, _STEP, attempt))
    asking.keep(ctx, event.envelope.subject, replace(at, call_id=call_id, attempt=attempt))
    deadline_ms = round(DEADLINE_S * 1000)
    asked = d.CallAsked(dependency=_DEPENDENCY, call_id=call_id, attempt=attempt, deadline_ms=deadline_ms)
    emit_about(ctx, event, asked)


def _question(event: Event, ctx: Context) -> Look | None:
    """Give what to ask; None where a newer call has overtaken this one."""
    at = asking.held(ctx, event.envelope.subject)
    if at is None or _call_id(event) != at.call_id:
        return None
    read = values(recall(_STEP, event.envelope.subject, ctx))
    question = Question(
        call_id=at.call_id,
        traceparent=event.envelope.traceparent,
        driver_number=read.get("driver_number"),
        family_name=read.get("family_name"),
        date_of_birth=read.get("date_of_birth"),
    )
    return Look(question)


def _told(event: Event, value: object, ctx: Context) -> None:
    """Tell what the register said, or what is done without it; an overtaken call ends without an answer."""
    at = asking.held(ctx, event.envelope.subject)
    if at is None or _call_id(event) != at.call_id:
        return
    if isinstance(value, Answer):
        _answered(event, value, ctx)
    elif isinstance(value, Failure):
        _failed(event, value, at, ctx)


def _answered(event: Event, answer: Answer, ctx: Context) -> None:
    call_id, facts = _call_id(event), recall(_STEP, event.envelope.subject, ctx)
    emit_about(
        ctx,
        event,
        d.CallAnswered(dependency=_DEPENDENCY, call_id=call_id, answer=answer.code, took_ms=answer.took_ms),
    )
    evidence = facts.of(_FIELDS, v.FieldsRead).evidence_id
    (part,) = answers.breakdown((grade_register(answer),), evidence=evidence)
    asking.close(ctx, event.envelope.subject, Stage.ANSWERED)
    _end(ctx, event, facts, part)


def _failed(event: Event, failure: Failure, at: Asking, ctx: Context) -> None:
    """Ask again with jitter while there is time; then wait for it, or end the check as unavailable."""
    failed = d.CallFailed(dependency=_DEPENDENCY, call_id=at.call_id, failure=failure.kind)
    failed.took_ms = failure.took_ms
    emit_about(ctx, event, failed)
    if at.stage is Stage.WAITS:
        _still_away(event, failure, at, ctx)
    elif at.stage is Stage.ASKED:
        _away(event, failure, at, ctx)


def _away(event: Event, failure: Failure, at: Asking, ctx: Context) -> None:
    """Ask again soon; when that has gone on for long enough, the client's dial says what is done."""
    elapsed_us = to_us(ctx.now) - at.first_us
    pause_s = next_attempt(
        failures=at.attempt,
        elapsed_ms=elapsed_us // 1000,
        deadline_ms=(at.until_us - at.first_us) // 1000,
        draw_01=_draw_01(),
    )
    soon = pause_s is not None and elapsed_us / 1e6 + pause_s < _BEFORE_WAITING.total_seconds()
    if not soon and register_dial(event.envelope.client).on:
        until_us = to_us(ctx.now + WAITS)
        waits = replace(at, first_us=to_us(ctx.now), until_us=until_us, stage=Stage.WAITS)
        _wait(event, failure, waits, ctx)
    elif pause_s is None:
        _give_up(ctx, event, failure.kind, Stage.GIVEN_UP)
    else:
        _pause(event, failure, pause_s, ctx)


def _still_away(event: Event, failure: Failure, at: Asking, ctx: Context) -> None:
    """Ask again within the waiting; of a new front that is a new one, to the same end."""
    if to_us(ctx.now) >= at.until_us:
        _give_up(ctx, event, failure.kind, Stage.WAITED)
    elif at.attempt == 1:
        _wait(event, failure, at, ctx)
    else:
        _pause(event, failure, pause_while_waiting(_draw_01()), ctx)


def _wait(event: Event, failure: Failure, at: Asking, ctx: Context) -> None:
    """Say that the check waits, and until when; ask on until then."""
    facts, subject = recall(_STEP, event.envelope.subject, ctx), event.envelope.subject
    asking.keep(ctx, subject, at)
    _fall_back(event, failure.kind, "wait", ctx)
    began = v.WaitingBegan(
        check=Check.REGISTER,
        dependency=_DEPENDENCY,
        evidence_keyseq=facts.evidence_keyseq,
        began_at_us=to_us(ctx.now),
        until_us=at.until_us,
        fallback=_END_OF_WAITING,
    )
    emit_about(ctx, event, began)
    ctx.remind(from_us(at.until_us), asking.END, subject)
    ctx.remind(ctx.now + timedelta(seconds=pause_while_waiting(_draw_01())), asking.ASK, subject)


def _pause(event: Event, failure: Failure, pause_s: float, ctx: Context) -> None:
    _fall_back(event, failure.kind, "ask_again", ctx)
    ctx.remind(ctx.now + timedelta(seconds=pause_s), asking.ASK, event.envelope.subject)


def _give_up(ctx: Context, event: Event, failure: str, stage: Stage) -> None:
    """End the check as unavailable, though not for good."""
    facts = recall(_STEP, event.envelope.subject, ctx)
    _fall_back(event, failure, _END_OF_WAITING, ctx)
    asking.close(ctx, event.envelope.subject, stage)
    evidence = facts.of(_FIELDS, v.FieldsRead).evidence_id
    _end(ctx, event, facts, answers.unavailable(_STEP, "register_unavailable", evidence=evidence))


def _fall_back(event: Event, failure: str, fallback: str, ctx: Context) -> None:
    emit_about(ctx, event, d.FallbackTaken(dependency=_DEPENDENCY, failure=failure, fallback=fallback))


def _draw_01() -> float:
    return random.random()  # noqa: S311 - jitter keeps cases from asking in step; nothing is secret


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
