"""Where the register step stands with a case, in rows of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from subscriber import Context

__all__ = [
    "ASK",
    "DEPENDENCY",
    "END",
    "FIELDS",
    "STEP",
    "TABLE",
    "Asking",
    "Stage",
    "close",
    "drop",
    "held",
    "keep",
]

STEP, DEPENDENCY = "register", "licence_register"
# The fact that it asks about.
FIELDS = "fields:front"
# Its timers: to ask once more, and to end a waiting.
ASK, END = "ask", "end_waiting"

TABLE = """
CREATE TABLE IF NOT EXISTS pipeline_register (
    subject TEXT PRIMARY KEY, call_id TEXT NOT NULL, attempt INTEGER NOT NULL,
    first_us INTEGER NOT NULL, until_us INTEGER NOT NULL, ended INTEGER NOT NULL
)
"""


class Stage(IntEnum):
    """How far it is; the numbers stand in the table's column `ended`."""

    ASKED = 0
    GIVEN_UP = 1
    ANSWERED = 2
    WAITS = 3  # by the client's dial
    WAITED = 4  # the dial's time is over


@dataclass(frozen=True, slots=True)
class Asking:
    """The last call, its number, since when and until when the register is asked, and the stage."""

    call_id: str
    attempt: int
    first_us: int
    until_us: int
    stage: Stage

    @property
    def goes_on(self) -> bool:
        """The register is still asked."""
        return self.stage in {Stage.ASKED, Stage.WAITS}


def held(ctx: Context, subject: str) -> Asking | None:
    """Tell where a case stands; None: nothing is asked about it."""
    rows = ctx.execute(
        "SELECT call_id, attempt, first_us, until_us, ended FROM pipeline_register WHERE subject = ?",
        (subject,),
    )
    if not rows:
        return None
    call_id, attempt, first_us, until_us, stage = rows[0]
    return Asking(call_id, attempt, first_us, until_us, Stage(stage))


def keep(ctx: Context, subject: str, asking: Asking) -> None:
    """Note where a case stands."""
    ctx.execute(
        "INSERT INTO pipeline_register (subject, call_id, attempt, first_us, until_us, ended) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subject) DO UPDATE SET call_id = excluded.call_id, "
        "attempt = excluded.attempt, first_us = excluded.first_us, until_us = excluded.until_us, "
        "ended = excluded.ended",
        (
            subject,
            asking.call_id,
            asking.attempt,
            asking.first_us,
            asking.until_us,
            int(asking.stage),
        ),
    )


def drop(ctx: Context, subject: str) -> None:
    """Ask no more about a case, and forget that it was asked about; an answer on its way is not heard."""
    ctx.execute("DELETE FROM pipeline_register WHERE subject = ?", (subject,))
    for timer in (ASK, END):
        ctx.forget(timer, subject)


def close(ctx: Context, subject: str, stage: Stage) -> None:
    """Ask no more about a case, but hear the answer to what is on its way."""
    ctx.execute("UPDATE pipeline_register SET ended = ? WHERE subject = ?", (int(stage), subject))
    for timer in (ASK, END):
        ctx.forget(timer, subject)
