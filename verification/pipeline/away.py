"""What the register step does without an answer: ask again, wait by the client's dial, or end the check."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from access.dials import register_dial
from protocol.checks import Check
from protocol.envelope import Event
from protocol.ids import from_us, to_us
from protocol.schemas import dependency_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context
from verification.dependencies.dials import Dependency, Trouble, dial
from verification.dependencies.register import Failure, next_attempt, pause_while_waiting
from verification.pipeline import answers, asking
from verification.pipeline.asking import DEPENDENCY, FIELDS, STEP, Asking, Stage
from verification.pipeline.facts import Facts, recall
from verification.pipeline.step import emit_about

__all__ = ["end", "failed", "give_up"]

_MODEL = "register-1"
_DIAL = dial(Dependency.LICENCE_REGISTER, Trouble.NOT_THERE)
_AT_THE_END = "unavailable"
# With the client's dial on, hiccups are bridged for so long before a person is kept waiting for more.
_BEFORE_WAITING = timedelta(seconds=5)


def failed(event: Event, failure: Failure, at: Asking, ctx: Context) -> None:
    """Ask again with jitter while there is time; then wait for it, or end the check as unavailable."""
    said = d.CallFailed(dependency=DEPENDENCY, call_id=at.call_id, failure=failure.kind)
    said.took_ms = failure.took_ms
    emit_about(ctx, event, said)
    if at.stage is Stage.WAITS:
        _still_away(event, failure, at, ctx)
    elif at.stage is Stage.ASKED:
        _asked_in_vain(event, failure, at, ctx)


def _asked_in_vain(event: Event, failure: Failure, at: Asking, ctx: Context) -> None:
    """Ask again soon; when that has gone on for long enough, the client's dial says what is done."""
    elapsed_us = to_us(ctx.now) - at.first_us
    pause_s = next_attempt(
        failures=at.attempt,
        elapsed_ms=elapsed_us // 1000,
        deadline_ms=(at.until_us - at.first_us) // 1000,
        draw_01=_draw_01(),
    )
    soon = pause_s is not None and elapsed_us / 1e6 + pause_s < _BEFORE_WAITING.total_seconds()
    dial = None if soon else register_dial(event.envelope.client)
    if dial is not None and dial.on:
        until_us = to_us(ctx.now + timedelta(seconds=dial.wait_s))
        waits = replace(at, first_us=to_us(ctx.now), until_us=until_us, stage=Stage.WAITS)
        _wait(event, failure, waits, ctx)
    elif pause_s is None:
        give_up(ctx, event, failure.kind, Stage.GIVEN_UP)
    else:
        _pause(event, failure, pause_s, ctx)


def _still_away(event: Event, failure: Failure, at: Asking, ctx: Context) -> None:
    """Ask again within the waiting; of a new front that is a new one, to the same end."""
    if to_us(ctx.now) >= at.until_us:
        give_up(ctx, event, failure.kind, Stage.WAITED)
    elif at.attempt == 1:
        _wait(event, failure, at, ctx)
    else:
        _pause(event, failure, pause_while_waiting(_draw_01()), ctx)


def _wait(event: Event, failure: Failure, at: Asking, ctx: Context) -> None:
    """Say that the check waits, and until when; ask on until then."""
    facts, subject = recall(STEP, event.envelope.subject, ctx), event.envelope.subject
    asking.keep(ctx, subject, at)
    _fall_back(event, failure.kind, _DIAL.by_client, ctx)
    began = v.WaitingBegan(
        check=Check.REGISTER,
        dependency=DEPENDENCY,
        evidence_keyseq=facts.evidence_keyseq,
        began_at_us=to_us(ctx.now),
        until_us=at.until_us,
        fallback=_AT_THE_END,
    )
    emit_about(ctx, event, began)
    ctx.remind(from_us(at.until_us), asking.END, subject)
    ctx.remind(ctx.now + timedelta(seconds=pause_while_waiting(_draw_01())), asking.ASK, subject)


def _pause(event: Event, failure: Failure, pause_s: float, ctx: Context) -> None:
    _fall_back(event, failure.kind, _DIAL.fallback, ctx)
    ctx.remind(ctx.now + timedelta(seconds=pause_s), asking.ASK, event.envelope.subject)


def give_up(ctx: Context, event: Event, failure: str, stage: Stage) -> None:
    """End the check as unavailable, though not for good."""
    facts = recall(STEP, event.envelope.subject, ctx)
    _fall_back(event, failure, _AT_THE_END, ctx)
    asking.close(ctx, event.envelope.subject, stage)
    evidence = facts.of(FIELDS, v.FieldsRead).evidence_id
    end(ctx, event, facts, answers.unavailable(STEP, "register_unavailable", evidence=evidence))


def _fall_back(event: Event, failure: str, fallback: str, ctx: Context) -> None:
    emit_about(ctx, event, d.FallbackTaken(dependency=DEPENDENCY, failure=failure, fallback=fallback))


def _draw_01() -> float:
    return random.random()  # noqa: S311 - jitter keeps cases from asking in step; nothing is secret


def end(ctx: Context, event: Event, facts: Facts, part: v.Breakdown | None) -> None:
    """End the check with its one part; None: there is nothing to ask of this document."""
    away = part is not None and any(r.code == "register_unavailable" for r in part.reasons)
    answer = answers.Answer(
        check=Check.REGISTER,
        parts=() if part is None else (part,),
        evidence=(facts.of(FIELDS, v.FieldsRead).evidence_id,),
        model=_MODEL,
        final=not away,
        not_applicable=part is None,
    )
    emit_about(ctx, event, answer.completed(facts, ctx.now))
