"""The service itself: which events it follows, and how each moves its own table and what it says."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from google.protobuf.message import Message

from consumers.decisions import book, trust
from consumers.decisions.backtest import SAID
from consumers.decisions.docket import Docket, Means, dump, load
from consumers.decisions.exposing import EXPOSURE
from consumers.decisions.room import caller
from consumers.decisions.speaking import end_approval, ring, speak
from consumers.decisions.trust import Pot
from consumers.decisions.trying import backtest
from protocol.envelope import Event
from protocol.ids import from_us, to_us
from protocol.schemas import fraud_v1_pb2 as fraud
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import Context, Handler, Service, Store, Subscriber, Timer
from subscriber.serving import ServiceSettings, ServiceSpec, described

__all__ = ["NAME", "SPEC", "STREAMS", "prepare", "subscriber"]

NAME = "decisions"
STREAMS = ("client.policy", "verification.case", "verification.partial", "verification.result", "fraud.score")
_FOLLOWED: tuple[type[Message], ...] = (
    verification.CaseOpened,
    verification.CaptureTokenIssued,
    verification.EvidenceReceived,
    verification.CaseSubmitted,
    verification.ReviewConcluded,
    verification.CaseWithdrawn,
    verification.CaseExpired,
    verification.DocumentClassified,
    verification.AgeEstablished,
    verification.CheckCompleted,
    verification.WaitingBegan,
    fraud.FraudScored,
)
_APPROVAL_ENDS = "approval_ends"
_DEADLINE = "deadline"
# What was written last, by its bytes; some 5 KB each. A case's next fact comes soon, and to read costs more
# than to decide. The bytes say all of a docket, so it matters to nobody whose table they lie in.
_REMEMBERED: Final = 2_000
_written: OrderedDict[bytes, Docket] = OrderedDict()


def subscriber() -> Subscriber:
    """Describe the service to the runtime."""
    handlers = (
        Handler(_FOLLOWED, _follow),
        Handler(book.FOLLOWED, book.note),
        Handler(trust.FOLLOWED, trust.note_dial),
    )
    return Subscriber(NAME, STREAMS, handlers, on_timer=_ring)


def prepare(store: Store) -> None:
    """Make the service's tables where there are none."""
    with store.transaction():
        book.prepare(store)
        trust.prepare(store)
        store.execute("CREATE TABLE IF NOT EXISTS dockets (case_id TEXT PRIMARY KEY, docket BLOB NOT NULL)")


def _follow(event: Event, _value: object, ctx: Context) -> None:
    """Take a fact in and say what follows; an approval whose time had passed by then ends first."""
    trust.note_outage(event, ctx.execute)
    case = event.envelope.subject
    held = _read(case, ctx)
    heard = end_approval(held, to_us(event.envelope.occurred_at), _means(case, held, ctx)).hear(event)
    _keep(case, held, speak(heard, _means(case, heard, ctx)), ctx)


def _ring(timer: Timer, ctx: Context) -> None:
    """End an approval ahead whose time has come; else ask again: at the policy's deadline, or for room."""
    at_us, held = to_us(timer.at), _read(timer.key, ctx)
    new = end_approval(held, at_us, _means(timer.key, held, ctx))
    if timer.name != _APPROVAL_ENDS:
        new = ring(new, at_us, _means(timer.key, new, ctx))
    _keep(timer.key, held, new, ctx)


def _means(case: str, docket: Docket, ctx: Context) -> Means:
    pot = Pot(ctx.execute, case, to_us(ctx.now), caller(ctx))
    return Means(_Voice(case, docket, ctx), book.finder(ctx), pot)


def _build(_settings: ServiceSettings) -> Subscriber:
    return subscriber()


def _with_what_was_said(settings: ServiceSettings) -> Service:
    """Describe the service for a comparison: its source gives its own events as well."""
    return described(replace(SPEC, streams=(*STREAMS, SAID)), settings)


SPEC = ServiceSpec(
    name=NAME,
    streams=STREAMS,
    prepare=prepare,
    build=_build,
    verbs=(backtest(_with_what_was_said), EXPOSURE),
)


class _Voice:
    """Says events of one case, each under the id that the runtime gives it."""

    def __init__(self, case: str, docket: Docket, ctx: Context) -> None:
        self._case, self._client, self._ctx = case, docket.known.client, ctx

    def __call__(self, message: Message) -> str:
        self._ctx.emit(message, subject=self._case, client=self._client)
        return str(self._ctx.said[-1].id)


def _read(case: str, ctx: Context) -> Docket:
    kept = ctx.kept(case)
    if isinstance(kept, Docket):
        return kept
    match ctx.execute("SELECT docket FROM dockets WHERE case_id = ?", (case,)):
        case [(bytes(data),)]:
            return _written.get(data) or load(data)
        case _:
            return Docket()


def _write(case: str, docket: Docket, ctx: Context) -> None:
    data = dump(docket)
    _written[data] = docket
    if len(_written) > _REMEMBERED:
        _written.popitem(last=False)
    ctx.execute(
        "INSERT INTO dockets (case_id, docket) VALUES (?, ?) "
        "ON CONFLICT (case_id) DO UPDATE SET docket = excluded.docket",
        (case, data),
    )


def _keep(case: str, held: Docket, new: Docket, ctx: Context) -> None:
    if new == held:
        return
    ctx.keep(case, new, lambda: _write(case, new, ctx))
    if new.expires_at_us != held.expires_at_us:
        _remind(_APPROVAL_ENDS, new.expires_at_us, case, ctx)
    if new.deadline_us != held.deadline_us:
        to_come = new.deadline_us > new.reached_us and not new.stands
        _remind(_DEADLINE, new.deadline_us if to_come else 0, case, ctx)


def _remind(name: str, at_us: int, case: str, ctx: Context) -> None:
    if at_us:
        ctx.remind(from_us(at_us), name, case)
    else:
        ctx.forget(name, case)
