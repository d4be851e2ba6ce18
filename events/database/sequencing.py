"""The one statement that gives events on PostgreSQL their place: from the outbox into the journal, numbered.

Positions have to be dense and in commit order, though transactions commit in another order than they insert.
So no writer takes a position. Whoever sequences sees only what is committed, and numbers that.

**Why one statement.** It sees one snapshot. Two statements would see two, and what commits between them could
get a position below one that a reader has passed.

**Why units are ordered by their highest number.** A writer locks an order key before it numbers and inserts,
until it commits. So when two units share a key, every row of the first one was inserted before the second one
could insert its row of that key: the first one's highest number is below the second one's. Of the lowest
numbers this is not true: the second one may have inserted rows of *other* keys long before, and would then be
put in front of the first.

**Why a unit that is not whole within the cut is left.** Its rows must get contiguous positions in one batch.
Leaving it breaks no order: a unit within the cut that had to come after it would, by the argument above, have
a number above all of its rows, and so above the cut.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from events.database.rows import SAID

__all__ = ["Moved", "move"]

_SAID: Final = ", ".join(SAID)

# `= ANY(ARRAY(…))`: `IN (SELECT …)` was measured 28 times slower at 1,000 rows, by its plan.
_MOVE: Final = f"""
WITH cut AS MATERIALIZED (
    SELECT number, xact, begun_at FROM journal_outbox
    WHERE %(past_quarantine)s OR NOT EXISTS (SELECT FROM journal_quarantine)
    ORDER BY number LIMIT %(limit)s
), unit AS MATERIALIZED (
    SELECT xact, begun_at, max(number) AS highest FROM cut GROUP BY xact, begun_at
), whole AS MATERIALIZED (
    SELECT * FROM unit WHERE NOT EXISTS (
        SELECT FROM journal_outbox AS later
        WHERE later.xact = unit.xact AND later.begun_at = unit.begun_at
          AND later.number > (SELECT max(number) FROM cut)
    )
), taken AS (
    DELETE FROM journal_outbox
    WHERE number = ANY(ARRAY(SELECT number FROM cut JOIN whole USING (xact, begun_at)))
    RETURNING *
), tip AS MATERIALIZED (
    SELECT coalesce(max(position), 0) AS position,
        greatest(%(now_us)s, (SELECT sequenced_at_us FROM journal ORDER BY position DESC LIMIT 1)) AS at_us
    FROM (SELECT position FROM journal ORDER BY position DESC LIMIT 1) AS last
), placed AS MATERIALIZED (
    SELECT taken.*, tip.at_us, tip.position + row_number() OVER (ORDER BY highest, number) AS position
    FROM taken JOIN whole USING (xact, begun_at) CROSS JOIN tip
), begun AS (
    INSERT INTO journal_epoch (first_position, epoch)
    SELECT min(position), %(epoch)s FROM placed
    WHERE NOT EXISTS (SELECT FROM journal_epoch) HAVING count(*) > 0
), kept AS (
    INSERT INTO journal (position, sequenced_at_us, epoch, unit, unit_last, {_SAID})
    SELECT position, at_us,
        coalesce((SELECT epoch FROM journal_epoch ORDER BY first_position DESC LIMIT 1), %(epoch)s),
        min(position) OVER one, max(position) OVER one, {_SAID}
    FROM placed WINDOW one AS (PARTITION BY xact, begun_at)
    RETURNING position
)
SELECT (SELECT count(*) FROM cut), (SELECT count(*) FROM kept), (SELECT coalesce(max(position), 0) FROM kept),
    EXISTS (SELECT FROM journal_quarantine)
"""  # noqa: S608 - column names of this package
_CLOCK: Final = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_MOVE_BY_CLOCK: Final = _MOVE.replace("%(now_us)s", _CLOCK)


@dataclass(frozen=True, slots=True)
class Moved:
    """What one batch did: rows looked at, events placed, and the last position given (0: none).

    `held`: keys are in quarantine, so none was placed unless the caller sees to them (`quarantine`).
    """

    looked: int
    placed: int
    position: int
    held: bool = False


def move(
    connection: psycopg.Connection[Any],
    *,
    limit: int,
    prepare: bool | None = None,
    now_us: int | None = None,
    past_quarantine: bool = False,
) -> Moved:
    """Give places to committed events of the outbox, whole units only, in one statement.

    Args:
        connection: of one's own, or in a transaction that keeps others from sequencing.
        limit: at most so many rows are looked at; a unit that is larger is moved by a larger limit only.
        prepare: whether the server keeps the plan; None: psycopg decides.
        now_us: the sequenced time, microseconds since 1970 UTC; None: the database's clock.
        past_quarantine: the caller has taken out of the outbox what belongs to keys in quarantine.

    Raises:
        psycopg.errors.UniqueViolation: the journal has an event's id or number: nothing was moved; see
            `quarantine`.
    """
    # The epoch is used only if the journal has none yet.
    values = {
        "limit": limit,
        "epoch": secrets.token_hex(4),
        "now_us": now_us,
        "past_quarantine": past_quarantine,
    }
    statement = _MOVE_BY_CLOCK if now_us is None else _MOVE
    cursor = psycopg.Cursor(connection).execute(statement, values, prepare=prepare)
    row = cursor.fetchone()
    if row is None:
        raise RuntimeError("a SELECT of counts gave no row")
    return Moved(*row)
