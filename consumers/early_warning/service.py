"""The service itself: what it follows, what it keeps of it, and when it looks."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

from consumers.early_warning import rows
from consumers.early_warning.looking import Looker, arm, keep_ended, keep_raised
from consumers.early_warning.settings import budgets
from consumers.early_warning.taking import FOLLOWED, take_event, take_statistic
from consumers.early_warning.verbs import VERBS
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import early_warning_v1_pb2 as warning
from subscriber import Context, Handler, NotNow, Subscriber, open_store
from subscriber.serving import ServiceSettings, ServiceSpec
from subscriber.statistics import statistics_of

__all__ = ["NAME", "SPEC", "STREAMS", "subscriber"]

NAME: Final = "early_warning"
STREAMS: Final = ("verification.case", "verification.result", "dependency.call", "operations.warning")
_REST_S: Final = 0.2
_REST_AWAY_S: Final = 1.0


def subscriber() -> Subscriber:
    """Describe the service to the runtime."""
    limits = budgets()

    def follow(event: Event, _value: object, ctx: Context) -> None:
        arm(ctx)
        take_event(event, ctx.execute, limits.case_ms)

    handlers = (
        Handler(FOLLOWED, follow),
        Handler((warning.WarningRaised, warning.WarningEnded), _read_back),
    )
    return Subscriber(NAME, STREAMS, handlers, on_timer=Looker(limits).ring)


def _read_back(event: Event, _value: object, ctx: Context) -> None:
    """Know what was said from the journal too: a rebuild, or a lost database, says nothing twice."""
    match event.message:
        case warning.WarningRaised() as said:
            keep_raised(ctx.execute, str(event.envelope.id), said)
        case warning.WarningEnded() as said:
            keep_ended(ctx.execute, said)


def _follow_statistics(settings: ServiceSettings, version: str, stop: threading.Event) -> None:
    """Take statistics in, in a thread beside the journal's; while they cannot be read, steps go unseen."""
    door = settings.door()
    with closing(open_store(version)) as store:
        follower = statistics_of(store, rows.FOLLOWER, (door.url, door.key), settings.kafka, _now_us)
        with closing(follower):
            while not stop.is_set():
                try:
                    taken, rest_s = follower.step(take_statistic), _REST_S
                except NotNow:
                    taken, rest_s = 0, _REST_AWAY_S
                if not taken:
                    _rest(stop, rest_s)


def _rest(stop: threading.Event, seconds: float) -> None:
    until_s = time.monotonic() + seconds
    while not stop.is_set() and time.monotonic() < until_s:
        stop.wait(0.05)


def _now_us() -> int:
    return to_us(datetime.now(UTC))


def _build(_settings: ServiceSettings) -> Subscriber:
    return subscriber()


SPEC: Final = ServiceSpec(
    name=NAME,
    streams=STREAMS,
    prepare=rows.prepare,
    build=_build,
    beside=_follow_statistics,
    verbs=VERBS,
)
