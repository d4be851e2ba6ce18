"""The runtime that code following events lives in: checkpoint, timers, outbox, dead letters. No framework."""

from __future__ import annotations

from subscriber.commands import add_commands, run_command
from subscriber.context import Context, Emission, Emitter, Timer
from subscriber.counts import Counts
from subscriber.declare import Handler, Mode, Recording, Subscriber
from subscriber.effects import Call, Doubt, Effect, Unsettled, make_effects, settle, unsettled
from subscriber.errors import (
    BreakerOpen,
    CoordinatorAway,
    EpochChanged,
    NotNow,
    Refused,
    SourceAway,
    StoreAway,
    SubscriberError,
    Superseded,
    TurnOver,
    Undeclared,
    WrongLog,
)
from subscriber.history import over_history, whole
from subscriber.http import HttpDoor, HttpJournalSource
from subscriber.lineage import Lineage
from subscriber.logs import configure as configure_logs
from subscriber.memory import keep_loaded
from subscriber.metering import Meters
from subscriber.moves import first_lines, moves_told
from subscriber.opening import open_store, versions_of
from subscriber.outbox import Home, Outbox
from subscriber.pacing import Pace
from subscriber.pool import InlinePool, ThreadPool, WorkPool
from subscriber.postgres import PostgresStore
from subscriber.rebuild import Service
from subscriber.reports import readings
from subscriber.runner import Runner
from subscriber.source import Batch, SharedSource, Source, Wrapped
from subscriber.stopping import stop_on_signals
from subscriber.store import Row, SqliteStore, Store, Value, is_passing
from subscriber.versions import FileVersions, SchemaVersions, Versions

__all__ = [
    "Batch",
    "BreakerOpen",
    "Call",
    "Context",
    "CoordinatorAway",
    "Counts",
    "Doubt",
    "Effect",
    "Emission",
    "Emitter",
    "EpochChanged",
    "FileVersions",
    "Handler",
    "Home",
    "HttpDoor",
    "HttpJournalSource",
    "InlinePool",
    "Lineage",
    "Meters",
    "Mode",
    "NotNow",
    "Outbox",
    "Pace",
    "PostgresStore",
    "Recording",
    "Refused",
    "Row",
    "Runner",
    "SchemaVersions",
    "Service",
    "SharedSource",
    "Source",
    "SourceAway",
    "SqliteStore",
    "Store",
    "StoreAway",
    "Subscriber",
    "SubscriberError",
    "Superseded",
    "ThreadPool",
    "Timer",
    "TurnOver",
    "Undeclared",
    "Unsettled",
    "Value",
    "Versions",
    "WorkPool",
    "Wrapped",
    "WrongLog",
    "add_commands",
    "configure_logs",
    "first_lines",
    "is_passing",
    "keep_loaded",
    "make_effects",
    "moves_told",
    "open_store",
    "over_history",
    "readings",
    "run_command",
    "settle",
    "stop_on_signals",
    "unsettled",
    "versions_of",
    "whole",
]
