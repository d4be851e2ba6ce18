"""Every metric there is, in one list: name, kind, unit and meaning; `docs/metrics.md` is printed from it.

Labels name parts of the product: subscribers, steps, outcomes. Never a client, a case or a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["METRICS", "Kind", "Metric", "printed"]


class Kind(StrEnum):
    """How a metric moves."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `name` is the full one, unit and `_total` included; `unit` is what one of it is."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()


_SUBSCRIBER: Final = ("subscriber",)

JOURNAL_HEAD: Final = Metric(
    "vouch_journal_head_records", Kind.GAUGE, "records", "the journal's last position"
)
JOURNAL_BACKLOG: Final = Metric(
    "vouch_journal_backlog_records", Kind.GAUGE, "records", "events committed, not yet given a position"
)
JOURNAL_BACKLOG_AGE: Final = Metric(
    "vouch_journal_backlog_age_seconds", Kind.GAUGE, "seconds", "age of the oldest event without a position"
)
JOURNAL_QUARANTINED: Final = Metric(
    "vouch_journal_quarantined_keys",
    Kind.GAUGE,
    "keys",
    "keys whose events the journal refuses: docs/runbooks/quarantine.md",
)
SEQUENCER_SET_ASIDE: Final = Metric(
    "vouch_sequencer_set_aside_total",
    Kind.COUNTER,
    "events",
    "events that the journal refused, or that wait behind one, set aside by this process",
)
SEQUENCER_LEADS: Final = Metric(
    "vouch_sequencer_leads", Kind.GAUGE, "processes", "1 while this process gives the positions"
)
SEQUENCER_PLACED: Final = Metric(
    "vouch_sequencer_placed_total", Kind.COUNTER, "events", "events that this process gave a position"
)
RELAY_POSITION: Final = Metric(
    "vouch_relay_position_records", Kind.GAUGE, "records", "the last position that Kafka has for certain"
)
RELAY_LAG: Final = Metric(
    "vouch_relay_lag_records", Kind.GAUGE, "records", "positions of the journal that Kafka has not yet"
)
RELAY_LAG_SECONDS: Final = Metric(
    "vouch_relay_lag_seconds", Kind.GAUGE, "seconds", "age of the oldest event that Kafka has not yet"
)
RELAY_LEADS: Final = Metric(
    "vouch_relay_leads", Kind.GAUGE, "processes", "1 while this process carries the journal to Kafka"
)
RELAY_CARRIED: Final = Metric(
    "vouch_relay_carried_total", Kind.COUNTER, "events", "events that this process carried to Kafka"
)
RELAY_UNKNOWN: Final = Metric(
    "vouch_relay_unknown_total",
    Kind.COUNTER,
    "batches",
    "batches that Kafka did not confirm, by its reason: sent again",
    ("reason",),
)
SUBSCRIBER_POSITION: Final = Metric(
    "vouch_subscriber_position_records",
    Kind.GAUGE,
    "records",
    "everything up to here is done for good",
    _SUBSCRIBER,
)
SUBSCRIBER_LAG: Final = Metric(
    "vouch_subscriber_lag_records",
    Kind.GAUGE,
    "records",
    "not done: on the journal positions up to its end, other streams included; on Kafka records",
    _SUBSCRIBER,
)
SUBSCRIBER_LAG_SECONDS: Final = Metric(
    "vouch_subscriber_lag_seconds",
    Kind.GAUGE,
    "seconds",
    "age of the oldest event not done, or while more is unread of the last one read; 0: all done",
    _SUBSCRIBER,
)
SUBSCRIBER_HANDLED: Final = Metric(
    "vouch_subscriber_handled_total", Kind.COUNTER, "events", "events and timers handled", _SUBSCRIBER
)
SUBSCRIBER_UNKNOWN: Final = Metric(
    "vouch_subscriber_unknown_total",
    Kind.COUNTER,
    "events",
    "events of types this build does not know: passed over",
    _SUBSCRIBER,
)
SUBSCRIBER_TOO_OLD: Final = Metric(
    "vouch_subscriber_too_old_total",
    Kind.COUNTER,
    "events",
    "events older than a reacting handler looks back: passed over",
    _SUBSCRIBER,
)
SUBSCRIBER_PARKED: Final = Metric(
    "vouch_subscriber_parked_total",
    Kind.COUNTER,
    "events",
    "events put aside because their key waits behind a dead letter",
    _SUBSCRIBER,
)
SUBSCRIBER_BURIED: Final = Metric(
    "vouch_subscriber_buried_total",
    Kind.COUNTER,
    "events",
    "events that could not be handled: dead letters made",
    _SUBSCRIBER,
)
SUBSCRIBER_WAITS: Final = Metric(
    "vouch_subscriber_waits_total",
    Kind.COUNTER,
    "tries",
    "tries put off because something needed was away: the key waits",
    _SUBSCRIBER,
)
SUBSCRIBER_REPEATED: Final = Metric(
    "vouch_subscriber_repeated_total",
    Kind.COUNTER,
    "events",
    "events that came again and were known by their position",
    _SUBSCRIBER,
)
SUBSCRIBER_STRAYS: Final = Metric(
    "vouch_subscriber_strays_total",
    Kind.COUNTER,
    "messages",
    "messages of its topics that are no events of ours: put aside with their bytes",
    _SUBSCRIBER,
)
SUBSCRIBER_MISSING: Final = Metric(
    "vouch_subscriber_missing_total",
    Kind.COUNTER,
    "messages",
    "messages of a foreign topic that were removed before they were read",
    _SUBSCRIBER,
)
SUBSCRIBER_PARKED_KEYS: Final = Metric(
    "vouch_subscriber_parked_keys", Kind.GAUGE, "keys", "keys that wait behind a dead letter now", _SUBSCRIBER
)
STEP_WORK_SECONDS: Final = Metric(
    "vouch_step_work_seconds",
    Kind.HISTOGRAM,
    "seconds",
    "how long one try of a step worked",
    ("step", "outcome"),
)
STEP_WAIT_SECONDS: Final = Metric(
    "vouch_step_wait_seconds", Kind.HISTOGRAM, "seconds", "how long it waited for a free worker", ("step",)
)
WORKERS_WARM: Final = Metric(
    "vouch_workers_warm", Kind.GAUGE, "processes", "vision workers that are ready for work"
)
STATISTICS_DROPPED: Final = Metric(
    "vouch_statistics_dropped_total", Kind.COUNTER, "events", "best-effort events that were not kept"
)
STATISTICS_LOST: Final = Metric(
    "vouch_statistics_lost_total", Kind.COUNTER, "events", "best-effort events that did not reach Kafka"
)
FEED_RECORDS: Final = Metric(
    "vouch_feed_head_records", Kind.GAUGE, "records", "public records of all feeds together"
)
FEED_STREAMS: Final = Metric("vouch_feed_open_streams", Kind.GAUGE, "streams", "streams open now", ("form",))
HTTP_REQUESTS: Final = Metric(
    "vouch_http_requests_total",
    Kind.COUNTER,
    "requests",
    "requests answered, streams left out",
    ("area", "method", "status"),
)
HTTP_SECONDS: Final = Metric(
    "vouch_http_request_seconds",
    Kind.HISTOGRAM,
    "seconds",
    "from a request's first byte to the end of its answer, streams left out",
    ("area",),
)
READINGS_FAILED: Final = Metric(
    "vouch_metrics_failed_readings_total",
    Kind.COUNTER,
    "readings",
    "metrics left out of an answer because what they are read from was away",
    ("reading",),
)

METRICS: Final[tuple[Metric, ...]] = tuple(
    sorted((value for value in vars().copy().values() if isinstance(value, Metric)), key=lambda m: m.name)
)


def printed() -> str:
    """Write the list as the page `docs/metrics.md`."""
    rows = [
        f"| `{m.name}` | {m.kind} | {m.unit} | {', '.join(m.labels) or '-'} | {m.meaning} |" for m in METRICS
    ]
    return "\n".join([_HEAD, *rows, ""])


_HEAD: Final = """# Metrics

Each process answers Prometheus on an address of the loopback interface, and writes it, when it starts, to
`metrics/PROCESS.url` in the data folder: `curl "$(cat var/metrics/web.url)"`. No label names a client, a case
or a person. Printed by `make docs` from `subscriber/metrics.py`; a test compares.

| metric | kind | unit | labels | meaning |
| --- | --- | --- | --- | --- |"""
