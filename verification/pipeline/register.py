"""The step that asks the licence register: asked before, answered after, asked again while there is time.

What a crash leaves between asked and answered is asked again under the same id: a look-up changes nothing.
Where the client's dial is on, a register that is away is waited for: the event that says so has the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from events.errors import Erased
from protocol.envelope import Event
from protocol.ids import caused_id, to_us
from protocol.schemas import dependency_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Mode, Subscriber, Timer
from verification.dependencies.dials import Trouble
from verification.dependencies.register import DEADLINE_S, Answer, Failure, Question, grade_register
from verification.pipeline import answers, asking, away
from verification.pipeline.asking import DEPENDENCY, FIELDS, STEP, TABLE, Asking, Stage
from verification.pipeline.facts import load, recall, remember
from verification.pipeline.judges.values import Values, values
from verification.pipeline.step import Look, emit_about
from verification.vision import driver_number

__all__ = ["NAME", "TABLE", "subscriber"]

NAME = "step.register"
# Asked for so long before submit; after it, until shortly before the case's deadline of 15 s, so that the
# check says that the register was away and not that time ran out.
_BEFORE_SUBMIT, _AFTER_SUBMIT = timedelta(seconds=12), timedelta(seconds=13)


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
    facts = load(STEP, event, ctx)
    remember(STEP, event, ctx)
    if not facts.ready((FIELDS,), event):
        return
    # What was being asked was about a front that this one replaces.
    before = asking.held(ctx, event.envelope.subject)
    asking.drop(ctx, event.envelope.subject)
    read = values(facts)
    if read.document_type != "uk_driving_licence":
        away.end(ctx, event, facts, None)
    elif _can_be_asked(read):
        _ask(ctx, event, _start(before, ctx))
    else:
        away.end(ctx, event, facts, answers.unavailable(STEP, "unreadable", evidence=read.evidence))


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
    at, facts = asking.held(ctx, timer.key), recall(STEP, timer.key, ctx)
    if at is None or not at.goes_on:
        return
    if timer.name == asking.END:
        away.give_up(ctx, facts.events[FIELDS], Trouble.NOT_THERE, Stage.WAITED)
    elif at.stage is Stage.ASKED or to_us(ctx.now) < at.until_us:
        _ask(ctx, facts.events[FIELDS], at)


def _ask(ctx: Context, event: Event, at: Asking) -> None:
    attempt = at.attempt + 1
    # One call id for one attempt, however often we die while asking.
    call_id = str(caused_id(event.envelope.id, STEP, attempt))
    asking.keep(ctx, event.envelope.subject, replace(at, call_id=call_id, attempt=attempt))
    deadline_ms = round(DEADLINE_S * 1000)
    asked = d.CallAsked(dependency=DEPENDENCY, call_id=call_id, attempt=attempt, deadline_ms=deadline_ms)
    emit_about(ctx, event, asked)


def _question(event: Event, ctx: Context) -> Look | None:
    """Give what to ask; None where a newer call has overtaken this one, or the applicant was erased."""
    at = asking.held(ctx, event.envelope.subject)
    if at is None or _call_id(event) != at.call_id:
        return None
    try:
        read = values(recall(STEP, event.envelope.subject, ctx))
    except Erased:
        return None
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
        away.failed(event, value, at, ctx)


def _answered(event: Event, answer: Answer, ctx: Context) -> None:
    call_id, facts = _call_id(event), recall(STEP, event.envelope.subject, ctx)
    emit_about(
        ctx,
        event,
        d.CallAnswered(dependency=DEPENDENCY, call_id=call_id, answer=answer.code, took_ms=answer.took_ms),
    )
    evidence = facts.of(FIELDS, v.FieldsRead).evidence_id
    (part,) = answers.breakdown((grade_register(answer),), evidence=evidence)
    asking.close(ctx, event.envelope.subject, Stage.ANSWERED)
    away.end(ctx, event, facts, part)


def _call_id(event: Event) -> str:
    return event.message.call_id if isinstance(event.message, d.CallAsked) else ""
