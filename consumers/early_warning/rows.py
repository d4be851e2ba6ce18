"""The service's own rows: tries, what has begun, cases, what is usual, and what was said.

Sums and sets only: any order of the events, and any repeat of them, gives the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from consumers.early_warning.seeing import MOST, WINDOW_US, Seen, Waiting
from consumers.early_warning.usual import AGE_US, DAYS_US, FAILED, SLOT_US, Usual, bucket_of, slot_of
from subscriber.noted import make_statistics
from subscriber.store import Row, Store, Value

__all__ = [
    "FOLLOWER",
    "Execute",
    "abouts",
    "add_begun",
    "add_seen",
    "begun",
    "budget_ms",
    "drop_begun",
    "keep_budget",
    "prepare",
    "prune",
    "recent",
    "usual",
]

Execute: TypeAlias = Callable[[str, Sequence[Value]], list[Row]]
# Under which the place in the statistics lies; the subscriber has a name of its own.
FOLLOWER: Final = "early_warning.statistics"
_TABLES: Final = (
    """
    CREATE TABLE IF NOT EXISTS seen (
        about TEXT NOT NULL, at_us INTEGER NOT NULL, mark TEXT NOT NULL, ms REAL NOT NULL,
        failed INTEGER NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY (about, at_us, mark)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS usual (
        about TEXT NOT NULL, slot INTEGER NOT NULL, bucket INTEGER NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY (about, slot, bucket)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS begun (
        about TEXT NOT NULL, mark TEXT NOT NULL, case_id TEXT NOT NULL, since_us INTEGER NOT NULL,
        PRIMARY KEY (about, mark)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS budgets (
        about TEXT PRIMARY KEY, at_us INTEGER NOT NULL, budget_ms REAL NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS cases (
        case_id TEXT PRIMARY KEY, evidence_us INTEGER NOT NULL, submitted_us INTEGER NOT NULL,
        checks TEXT NOT NULL, last_us INTEGER NOT NULL, ended INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS warnings (
        warning_id TEXT PRIMARY KEY, about TEXT NOT NULL, trouble TEXT NOT NULL, raised_us INTEGER NOT NULL,
        explanation TEXT NOT NULL, ended_us INTEGER NOT NULL, because TEXT NOT NULL
    )
    """,
    "CREATE TABLE IF NOT EXISTS armed (name TEXT PRIMARY KEY)",
)
_DAY_US: Final = 24 * 3_600 * 1_000_000


def prepare(store: Store) -> None:
    """Make the service's tables where there are none."""
    with store.transaction():
        for table in _TABLES:
            store.execute(table)
    make_statistics(store, FOLLOWER)


def add_seen(execute: Execute, about: str, seen: Seen, mark: str) -> None:
    """Add a try that ended; the same again changes nothing."""
    added = execute(
        "INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (about, at_us, mark) DO NOTHING "
        "RETURNING about",
        (about, seen.at_us, mark, seen.ms, int(seen.failed), seen.case),
    )
    if added:
        execute(
            "INSERT INTO usual VALUES (?, ?, ?, 1) "
            "ON CONFLICT (about, slot, bucket) DO UPDATE SET n = usual.n + 1",
            (about, slot_of(seen.at_us), FAILED if seen.failed else bucket_of(seen.ms)),
        )


def add_begun(execute: Execute, about: str, case: str, since_us: int, mark: str) -> None:
    """Add what begins."""
    execute(
        "INSERT INTO begun VALUES (?, ?, ?, ?) ON CONFLICT (about, mark) DO NOTHING",
        (about, mark, case, since_us),
    )


def drop_begun(execute: Execute, about: str, *, mark: str = "", case: str = "") -> None:
    """Take away what has ended: by its mark, or all of a case's."""
    execute(
        "DELETE FROM begun WHERE about = ? AND (mark = ? OR (case_id = ? AND case_id <> ''))",
        (about, mark, case),
    )


def keep_budget(execute: Execute, about: str, at_us: int, budget_ms: float) -> None:
    """Keep the newest budget that a subject's own events name."""
    execute(
        "INSERT INTO budgets VALUES (?, ?, ?) ON CONFLICT (about) DO UPDATE SET "
        "at_us = excluded.at_us, budget_ms = excluded.budget_ms WHERE excluded.at_us > budgets.at_us",
        (about, at_us, budget_ms),
    )


def budget_ms(execute: Execute, about: str) -> float:
    """Give that budget, ms; 0: none was named."""
    rows = execute("SELECT budget_ms FROM budgets WHERE about = ?", (about,))
    return float(rows[0][0]) if rows else 0.0


def abouts(execute: Execute, at_us: int) -> list[str]:
    """List what there may be something to say of: seen lately, begun, or warned of."""
    rows = execute(
        "SELECT about FROM seen WHERE at_us > ? UNION SELECT about FROM begun "
        "UNION SELECT about FROM warnings WHERE ended_us = 0 ORDER BY about",
        (at_us - WINDOW_US,),
    )
    return [str(about) for (about,) in rows]


def recent(execute: Execute, about: str, at_us: int, after_us: int = 0) -> list[Seen]:
    """List the newest tries up to a moment and after another, oldest first."""
    rows = execute(
        "SELECT at_us, ms, failed, case_id FROM seen WHERE about = ? AND at_us > ? AND at_us <= ? "
        "ORDER BY at_us DESC, mark DESC LIMIT ?",
        (about, max(at_us - WINDOW_US, after_us), at_us, MOST),
    )
    return [Seen(int(at), float(ms), bool(failed), str(case)) for at, ms, failed, case in reversed(rows)]


def begun(execute: Execute, about: str) -> list[Waiting]:
    """List what has begun and not ended, what has waited longest first."""
    rows = execute(
        "SELECT case_id, since_us FROM begun WHERE about = ? ORDER BY since_us, mark LIMIT 1000", (about,)
    )
    return [Waiting(str(case), int(since)) for case, since in rows]


def usual(execute: Execute, about: str, at_us: int) -> Usual:
    """Add up what is usual at a moment."""
    before = slot_of(at_us) - AGE_US
    rows = execute(
        "SELECT bucket, SUM(n) FROM usual WHERE about = ? AND slot >= ? AND slot < ? GROUP BY bucket",
        (about, before - DAYS_US, before),
    )
    return Usual({int(bucket): int(n) for bucket, n in rows})


def prune(execute: Execute, at_us: int) -> None:
    """Let go of what no look will ask for: tries after a day, what is usual after a week."""
    execute("DELETE FROM seen WHERE at_us < ?", (at_us - _DAY_US,))
    execute("DELETE FROM usual WHERE slot < ?", (slot_of(at_us) - AGE_US - DAYS_US - SLOT_US,))
    execute("DELETE FROM begun WHERE since_us < ?", (at_us - _DAY_US,))
    execute(
        "DELETE FROM cases WHERE last_us < ? AND submitted_us < ? AND evidence_us < ?",
        (at_us - _DAY_US, at_us - _DAY_US, at_us - _DAY_US),
    )
