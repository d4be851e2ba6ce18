"""A step: which facts it needs, what it looks at, what it tells; and the subscriber that runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import Message

from events.errors import Erased
from protocol.checks import Check
from protocol.envelope import Event
from subscriber import Context, Handler, Subscriber
from verification.pipeline.facts import Facts, load, remember
from verification.pipeline.workers import Failed

__all__ = ["Look", "Step", "as_subscriber", "emit_about", "subscriber_name"]


@dataclass(frozen=True, slots=True)
class Look:
    """What a step's work is given, and the id of the evidence whose pixels it reads."""

    given: object
    affinity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One question put to evidence.

    `hears` are the messages it follows, `says` those that it emits, `answers` the check that it ends, if it
    does; it acts when all facts of `needs` are known, and again when one of
    them, or of `also`, changes. `prepare(facts)` gives what its work looks at, or `Failed` when there is
    nothing to look at; `work` runs in a vision process. `tell(facts, found, now)` makes what it emits:
    `found` is what the work returned, or `Failed`. A step without `work` tells from its facts alone, with
    `found` None.
    """

    name: str
    hears: tuple[type[Message], ...]
    says: tuple[type[Message], ...]
    needs: tuple[str, ...]
    tell: Callable[[Facts, object, datetime], Iterable[Message]]
    prepare: Callable[[Facts], Look | Failed] | None = None
    work: Callable[..., object] | None = None
    also: tuple[str, ...] = ()
    priority: int = 5
    answers: Check | None = None


def subscriber_name(step: Step) -> str:
    """Name the subscriber that runs a step; what it says has ids made of that name."""
    return f"step.{step.name}"


def emit_about(ctx: Context, event: Event, message: Message) -> None:
    """Say something about the case, client and applicant that an event is about."""
    envelope = event.envelope
    ctx.emit(message, subject=envelope.subject, client=envelope.client, applicant=envelope.applicant)


def _prepared(prepare: Callable[[Facts], Look | Failed], facts: Facts) -> Look | Failed:
    """Prepare a look; without its key there is nothing to look at, and that is an answer, not a fault.

    Of a case that goes on only the key of the face is destroyed, when its basis is withdrawn: a step that
    comes late still believes in the basis.
    """
    try:
        return prepare(facts)
    except Erased:
        return Failed("no_biometric_basis", "the key of the face was destroyed")


def as_subscriber(step: Step) -> Subscriber:
    """Make the subscriber that runs a step."""

    def gather(event: Event, ctx: Context) -> Look | None:
        facts = load(step.name, event, ctx)
        if step.prepare is None or not facts.ready(step.needs, event, step.also):
            return None
        look = _prepared(step.prepare, facts)
        return look if isinstance(look, Look) else None

    def apply(event: Event, value: object, ctx: Context) -> None:
        facts = load(step.name, event, ctx)
        remember(step.name, event, ctx)
        if not facts.ready(step.needs, event, step.also):
            return
        if value is None and step.prepare is not None:
            value = _prepared(step.prepare, facts)
        for message in step.tell(facts, value, ctx.now):
            emit_about(ctx, event, message)

    return Subscriber(
        name=subscriber_name(step),
        streams=("verification.case", "verification.partial"),
        handlers=(
            Handler(
                types=step.hears,
                apply=apply,
                gather=gather if step.work is not None else None,
                work=step.work,
            ),
        ),
    )
