"""The runtime that code following events lives in: checkpoint, timers, outbox, dead letters. No framework."""

from __future__ import annotations

from subscriber.context import Context, Emission, Emitter, Timer
from subscriber.declare import Handler, Mode, Subscriber
from subscriber.errors import (
    BreakerOpen,
    EpochChanged,
    NotNow,
    Refused,
    SourceAway,
    StoreAway,
    SubscriberError,
    Superseded,
)
from subscriber.http import HttpDoor, HttpJournalSource
from subscriber.outbox import Home, Outbox
from subscriber.pool import InlinePool, WorkPool
from subscriber.runner import Runner
from subscriber.source import Batch, Source
from subscriber.store import Row, SqliteStore, Store, Value, is_passing
from subscriber.unit import Counts

__all__ = [
    "Batch",
    "BreakerOpen",
    "Context",
    "Counts",
    "Emission",
    "Emitter",
    "EpochChanged",
    "Handler",
    "Home",
    "HttpDoor",
    "HttpJournalSource",
    "InlinePool",
    "Mode",
    "NotNow",
    "Outbox",
    "Refused",
    "Row",
    "Runner",
    "Source",
    "SourceAway",
    "SqliteStore",
    "Store",
    "StoreAway",
    "Subscriber",
    "SubscriberError",
    "Superseded",
    "Timer",
    "Value",
    "WorkPool",
    "is_passing",
]
