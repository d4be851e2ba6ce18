"""What the monolith's processes tell of themselves: the journal, the feeds, subscribers, workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from django.db import connections

from config.environment import environment
from events import journal, statistics
from events.relay import Relay, checkpoint
from events.sequencer import Sequencer
from protocol.ids import to_us
from streaming.reading.feeds import records_of_all
from subscriber import Meters, Runner, readings
from subscriber import metrics as m
from subscriber.metering import Reading

__all__ = ["follow", "meters_of", "watch_journal_and_feeds", "watch_relay", "watch_sequencer"]


def meters_of(process: str) -> Meters:
    """Make the meters of one process; what it loses of the statistics is read from the start."""
    meters = Meters(process, environment().data / "metrics")
    meters.read(
        "statistics",
        lambda: [
            Reading(m.STATISTICS_DROPPED, statistics.dropped()),
            Reading(m.STATISTICS_LOST, statistics.lost()),
        ],
    )
    return meters


def follow(meters: Meters, runner: Runner, name: str = "subscribers") -> None:
    """Have the subscribers of a runner told of; each runner of a process by a name of its own."""
    meters.read(name, lambda: readings(runner.reports(), datetime.now(UTC)))


def watch_journal_and_feeds(meters: Meters) -> None:
    """Have the journal's and the feeds' ends told of; for one process of the product, not for each."""
    meters.read("journal", _by_own_connection(_journal))
    meters.read("feeds", _by_own_connection(_feeds))


def watch_sequencer(meters: Meters, sequencer: Sequencer) -> None:
    """Have the sequencer's work told of; what waits for it, the web tells, so that its absence is seen."""
    meters.read(
        "sequencer",
        lambda: [
            Reading(m.SEQUENCER_LEADS, int(sequencer.leads)),
            Reading(m.SEQUENCER_PLACED, sequencer.placed),
            Reading(m.SEQUENCER_SET_ASIDE, sequencer.set_aside),
        ],
    )


def watch_relay(meters: Meters, relay: Relay) -> None:
    """Have the relay's work told of, and what it has still to carry."""
    meters.read("relay", _by_own_connection(lambda: _relay(relay)))


def _relay(relay: Relay) -> list[Reading]:
    at = relay.progress
    # In this order: what is carried meanwhile must not be counted as lag below nothing.
    position, end = checkpoint().position, journal.head().position
    waiting = journal.after(position, limit=1)
    age_s = (datetime.now(UTC) - waiting[0].envelope.sequenced_at).total_seconds() if waiting else 0.0
    return [
        Reading(m.RELAY_LEADS, int(at.leading)),
        Reading(m.RELAY_CARRIED, at.events),
        *(Reading(m.RELAY_UNKNOWN, count, (reason,)) for reason, count in at.unknown.copy().items()),
        Reading(m.RELAY_POSITION, position),
        Reading(m.RELAY_LAG, end - position),
        Reading(m.RELAY_LAG_SECONDS, max(0.0, age_s)),
    ]


def _journal() -> list[Reading]:
    waiting = journal.backlog()
    now_us = to_us(datetime.now(UTC))
    age_s = max(0, now_us - waiting.oldest_us) / 1e6 if waiting.records else 0.0
    return [
        Reading(m.JOURNAL_HEAD, journal.head().position),
        Reading(m.JOURNAL_BACKLOG, waiting.records),
        Reading(m.JOURNAL_BACKLOG_AGE, age_s),
        Reading(m.JOURNAL_QUARANTINED, len(journal.quarantined())),
    ]


def _feeds() -> list[Reading]:
    return [Reading(m.FEED_RECORDS, records_of_all())]


def _by_own_connection(read: Callable[[], list[Reading]]) -> Callable[[], Iterable[Reading]]:
    """Close what a reading opened: each asking has a thread of its own, and Django hears not of its end."""

    def reading() -> list[Reading]:
        try:
            return read()
        finally:
            connections.close_all()

    return reading
