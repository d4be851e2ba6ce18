"""The runtime's own tables in a subscriber's database, in the dialect of `subscriber/store.py`."""

from __future__ import annotations

from typing import Final

from subscriber.store import Store

__all__ = ["make_outbox", "make_tables"]

_TABLES: Final = (
    # `turn` rises with each start: a process whose turn is over can no longer move the checkpoint.
    """
    CREATE TABLE IF NOT EXISTS subscriber_checkpoint (
        subscriber TEXT PRIMARY KEY, epoch TEXT NOT NULL, floor BIGINT NOT NULL, done BLOB NOT NULL,
        streak INTEGER NOT NULL, turn BIGINT NOT NULL
    )
    """,
    # The same for each partition, where processes share a subscriber.
    """
    CREATE TABLE IF NOT EXISTS subscriber_partition (
        subscriber TEXT NOT NULL, stream TEXT NOT NULL, number BIGINT NOT NULL, epoch TEXT NOT NULL,
        floor BIGINT NOT NULL, time_us BIGINT NOT NULL, done BLOB NOT NULL, turn BIGINT NOT NULL,
        PRIMARY KEY (subscriber, stream, number)
    )
    """,
    # The last event finished, by its id. One of each partition: their owners must not wait for each other.
    """
    CREATE TABLE IF NOT EXISTS subscriber_witness (
        subscriber TEXT NOT NULL, stream TEXT NOT NULL, number BIGINT NOT NULL, position BIGINT NOT NULL,
        id BLOB NOT NULL, PRIMARY KEY (subscriber, stream, number)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS subscriber_timer (
        subscriber TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, at_us BIGINT NOT NULL,
        cause BLOB NOT NULL, correlation TEXT NOT NULL, PRIMARY KEY (subscriber, name, key)
    )
    """,
    "CREATE INDEX IF NOT EXISTS subscriber_timer_due ON subscriber_timer (subscriber, at_us)",
    """
    CREATE TABLE IF NOT EXISTS subscriber_dead_letter (
        subscriber TEXT NOT NULL, key TEXT NOT NULL, epoch TEXT NOT NULL, position BIGINT NOT NULL,
        type TEXT NOT NULL, record BLOB NOT NULL, reason TEXT NOT NULL, traceback TEXT NOT NULL,
        attempts INTEGER NOT NULL, died_at_us BIGINT NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS subscriber_dead_letter_key ON subscriber_dead_letter (subscriber, key)",
    # What people did about dead letters; the letter's bytes stay with the note.
    """
    CREATE TABLE IF NOT EXISTS subscriber_action (
        at_us BIGINT NOT NULL, subscriber TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
        key TEXT NOT NULL, type TEXT NOT NULL, position BIGINT NOT NULL, why TEXT NOT NULL,
        record BLOB NOT NULL
    )
    """,
    # What lay on a topic and is no event of ours: the original bytes, and where they were.
    """
    CREATE TABLE IF NOT EXISTS subscriber_stray (
        subscriber TEXT NOT NULL, topic TEXT NOT NULL, number BIGINT NOT NULL, place BIGINT NOT NULL,
        key BLOB NOT NULL, value BLOB NOT NULL, headers TEXT NOT NULL, reason TEXT NOT NULL,
        found_at_us BIGINT NOT NULL, PRIMARY KEY (subscriber, topic, number, place)
    )
    """,
    # How often something was passed over, since the subscriber first ran: nothing is skipped in silence.
    """
    CREATE TABLE IF NOT EXISTS subscriber_skip (
        subscriber TEXT NOT NULL, why TEXT NOT NULL, type TEXT NOT NULL, records BIGINT NOT NULL,
        first_position BIGINT NOT NULL, last_position BIGINT NOT NULL, PRIMARY KEY (subscriber, why, type)
    )
    """,
)
_OUTBOX: Final = (
    """
    CREATE TABLE IF NOT EXISTS subscriber_outbox (
        number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, key TEXT NOT NULL, record BLOB NOT NULL,
        refused TEXT NOT NULL
    )
    """,
    # Rows that are one coordinated unit: the number of each, and of the unit's first.
    """
    CREATE TABLE IF NOT EXISTS subscriber_outbox_unit (number INTEGER PRIMARY KEY, unit INTEGER NOT NULL)
    """,
)


def make_tables(store: Store) -> None:
    """Make what every subscriber has, where it is missing, in the caller's transaction."""
    for statement in _TABLES:
        store.execute(statement)


def make_outbox(store: Store) -> None:
    """Make what a service says by, where it is missing, in the caller's transaction."""
    for statement in _OUTBOX:
        store.execute(statement)
