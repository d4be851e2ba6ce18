"""Keys whose events the journal refuses, set aside on PostgreSQL so that all the others go on.

It refuses an event whose id it has, or whose number within its key: somebody wrote by hand, or a restore was
not whole. That is an alarm and never normal; nothing here guesses which of the two is right. What is set
aside waits in `journal_quarantine`, unchanged, until an operator has mended the cause (docs/runbooks).

**What goes with it.** The refused event's whole unit, as a unit is never split. Every later unit of one of
its keys, as a key keeps its order. And so on, of their keys.

**Why a release keeps the order.** Rows come back under the outbox numbers they had. These are what the order
rests on (`sequencing`), and nothing of their keys was given a place meanwhile.

Setting aside and releasing keep each other out by the table's lock; no writer ever waits for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from events.database.rows import SAID, Quarantined
from events.database.sequencing import Moved, move
from events.errors import StillRefused

__all__ = ["CREATE", "SetAside", "move_others", "quarantined", "release"]

# Without the outbox's unique constraints: whatever is wrong must fit.
CREATE: Final = (
    """
    CREATE TABLE IF NOT EXISTS journal_quarantine (
        LIKE journal_outbox, reason TEXT NOT NULL,
        set_aside_at_us BIGINT NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
        PRIMARY KEY (number)
    )
    """,
    "CREATE INDEX IF NOT EXISTS journal_quarantine_id ON journal_quarantine (id)",
    "CREATE INDEX IF NOT EXISTS journal_quarantine_key ON journal_quarantine (partition_key)",
)

_BEHIND: Final = "behind another"
_LOCK: Final = "LOCK TABLE journal_quarantine IN SHARE ROW EXCLUSIVE MODE"
_KEYS: Final = "SELECT DISTINCT partition_key FROM journal_quarantine"
_REFUSED: Final = """
    CASE
        WHEN EXISTS (SELECT FROM journal AS j WHERE j.id = o.id) THEN 'its id is in the journal'
        WHEN EXISTS (
            SELECT FROM journal AS j WHERE j.partition_key = o.partition_key AND j.keyseq = o.keyseq
        ) THEN 'its number within the key is in the journal'
        ELSE ''
    END
"""
_LOOK: Final = f"SELECT number, xact, begun_at, partition_key, {_REFUSED} FROM %s AS o ORDER BY number"  # noqa: S608
_OUTBOX: Final = f"{_LOOK % 'journal_outbox'} LIMIT %s"
_QUARANTINE: Final = _LOOK % "journal_quarantine"
_COLUMNS: Final = f"number, xact, begun_at, {', '.join(SAID)}"
_SET_ASIDE: Final = f"""
    WITH gone AS (DELETE FROM journal_outbox WHERE xact = %s AND begun_at = %s RETURNING *)
    INSERT INTO journal_quarantine ({_COLUMNS}, reason) SELECT {_COLUMNS}, %s FROM gone
"""  # noqa: S608 - column names of this package
_RELEASE: Final = f"""
    WITH back AS (DELETE FROM journal_quarantine WHERE number = ANY(%s) RETURNING *)
    INSERT INTO journal_outbox ({_COLUMNS}) OVERRIDING SYSTEM VALUE SELECT {_COLUMNS} FROM back
"""  # noqa: S608 - column names of this package
_LIST: Final = """
    SELECT partition_key, count(*), min(set_aside_at_us), (array_agg(reason ORDER BY number))[1]
    FROM journal_quarantine GROUP BY partition_key ORDER BY partition_key
"""

Connection = psycopg.Connection[Any]
_UnitId = tuple[object, object]


@dataclass(frozen=True, slots=True)
class SetAside:
    """One unit that was set aside: its keys, how many events, and why."""

    keys: tuple[str, ...]
    events: int
    reason: str


class _Unit:
    """The rows of one transaction, as far as they were looked at."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.keys: set[str] = set()
        self.reason = ""

    def add(self, number: int, key: str, reason: str) -> None:
        """Take one more row."""
        self.numbers.append(number)
        self.keys.add(key)
        self.reason = self.reason or reason


def move_others(connection: Connection, *, limit: int) -> tuple[Moved, tuple[SetAside, ...]]:
    """Set aside what the journal refuses and what waits behind it, and give places to the rest.

    Args:
        connection: in a transaction that sees one state of the outbox from here on: REPEATABLE READ that has
            read nothing yet, or one that keeps writers out.
        limit: at most so many rows are looked at.

    Raises:
        psycopg.errors.UniqueViolation: somebody wrote into the journal at this moment: begin again.
    """
    connection.execute(_LOCK)
    units = _units(connection.execute(_OUTBOX, (limit,)))
    held = {row[0] for row in connection.execute(_KEYS)}
    looked, aside = sum(len(unit.numbers) for unit in units.values()), []
    left = looked
    # In the order of the journal: what came before the refused event is not held up by it.
    for (xact, begun_at), unit in sorted(units.items(), key=lambda item: item[1].numbers[-1]):
        if unit.reason or not unit.keys.isdisjoint(held):
            held |= unit.keys
            reason = unit.reason or _BEHIND
            gone = connection.execute(_SET_ASIDE, (xact, begun_at, reason)).rowcount
            aside.append(SetAside(tuple(sorted(unit.keys)), gone, reason))
            left -= len(unit.numbers)
    # Not a row further than was looked at: what follows may be of a key that is held since.
    moved = move(connection, limit=left, past_quarantine=True)
    return Moved(looked, moved.placed, moved.position, held=bool(held)), tuple(aside)


def quarantined(connection: Connection) -> list[Quarantined]:
    """List the keys that wait, and since when."""
    return [Quarantined(*row) for row in connection.execute(_LIST)]


def release(connection: Connection, key: str) -> tuple[frozenset[str], int]:
    """Give a key's events, and those of keys that share a unit with them, back to the sequencer.

    Args:
        connection: in a transaction.
        key: one of `quarantined`.

    Returns:
        The keys released, and how many events; none when nothing of the key waits.

    Raises:
        StillRefused: the journal would refuse one of them again; nothing was released.
    """
    connection.execute(_LOCK)
    units = _units(connection.execute(_QUARANTINE))
    keys = _together(key, units.values())
    found = [unit for unit in units.values() if not unit.keys.isdisjoint(keys)]
    for unit in found:
        if unit.reason:
            raise StillRefused(f"an event of {', '.join(sorted(unit.keys))} is refused: {unit.reason}")
    numbers = [number for unit in found for number in unit.numbers]
    try:
        connection.execute(_RELEASE, (numbers,))
    except psycopg.errors.UniqueViolation as error:
        raise StillRefused(
            f"two events of {', '.join(sorted(keys))} have one id or number: {error}"
        ) from error
    return (frozenset(keys) if found else frozenset()), len(numbers)


def _units(rows: Iterable[Sequence[Any]]) -> dict[_UnitId, _Unit]:
    units: defaultdict[_UnitId, _Unit] = defaultdict(_Unit)
    for number, xact, begun_at, key, reason in rows:
        units[xact, begun_at].add(number, key, reason)
    return units


def _together(key: str, units: Iterable[_Unit]) -> set[str]:
    """Find the keys that must go together, because units tie them."""
    keys, tied = {key}, [unit.keys for unit in units]
    while more := [some for some in tied if not some.isdisjoint(keys) and not some <= keys]:
        keys.update(*more)
    return keys
