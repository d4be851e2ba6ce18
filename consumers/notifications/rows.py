"""How each message stands: the rows that say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from consumers.notifications.messages import Channel, Notice, Recipient
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import notifications_v1_pb2 as notifications
from subscriber import Context, Row, Store

__all__ = ["OPEN", "Kept", "Move", "ask", "bounced", "in_state", "kept", "move", "prepare", "with_id"]

_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS notification_message (
        subject TEXT NOT NULL, template TEXT NOT NULL, channel TEXT NOT NULL, recipient TEXT NOT NULL,
        client TEXT NOT NULL, message_id TEXT NOT NULL, language TEXT NOT NULL, asked_id TEXT NOT NULL,
        give_up_at_us INTEGER NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL, reason TEXT NOT NULL,
        cause TEXT NOT NULL, position INTEGER NOT NULL, moment_us INTEGER NOT NULL,
        PRIMARY KEY (subject, template, channel, recipient)
    )""",
    "CREATE INDEX IF NOT EXISTS notification_message_id ON notification_message (message_id)",
)
_KEPT: Final = (
    "SELECT subject, template, channel, recipient, client, message_id, language, asked_id, give_up_at_us, "
    "state, attempt, reason, cause FROM notification_message"
)
_ONE: Final = "subject = ? AND template = ? AND channel = ? AND recipient = ?"
_MOVE: Final = (
    "UPDATE notification_message SET state = ?, attempt = CASE WHEN ? > 0 THEN ? ELSE attempt END, "  # noqa: S608 - of constants
    f"reason = ?, cause = ?, position = ?, moment_us = ? WHERE {_ONE} AND position < ? RETURNING attempt"
)
# Of these a try may come; all others are over, or are people's to say.
OPEN: Final = frozenset({"asked", "waits", "failed", "again"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How a message stands; `attempt` is the try that comes next, `cause` the try that was last in doubt."""

    notice: Notice
    client: str
    message_id: str
    language: str
    asked_id: UUID
    give_up_at_us: int
    state: str
    attempt: int
    reason: str
    cause: str


def prepare(store: Store) -> None:
    """Make the table where there is none."""
    with store.transaction():
        for table in _TABLES:
            store.execute(table)


def ask(event: Event, said: notifications.MessageAsked, ctx: Context) -> bool:
    """Keep a message that is to be sent; false when it was asked for before."""
    e, notice = event.envelope, Notice.of(event.envelope.subject, said.notice)
    new = ctx.execute(
        "INSERT INTO notification_message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'asked', 1, '', '', ?, ?) "
        "ON CONFLICT (subject, template, channel, recipient) DO NOTHING RETURNING attempt",
        (
            *(*notice, e.client, said.message_id, said.language, str(e.id), said.give_up_at_us),
            *(e.position, to_us(e.sequenced_at)),
        ),
    )
    return bool(new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How a message stands from now on; `attempt` is the next try, 0: as before."""

    state: str
    attempt: int = 0
    reason: str = ""


def move(event: Event, notice: Notice, to: Move, ctx: Context) -> bool:
    """Note how a message stands now; false when that is older than what is known."""
    e, position = event.envelope, event.envelope.position
    moved = ctx.execute(
        _MOVE,
        (
            *(to.state, to.attempt, to.attempt, to.reason, e.causation, position, to_us(e.sequenced_at)),
            *(*notice, position),
        ),
    )
    return bool(moved)


def kept(notice: Notice, ctx: Context) -> Kept | None:
    """Read how a message stands; None: it was never asked for."""
    rows = ctx.execute(f"{_KEPT} WHERE {_ONE}", notice)
    return _kept(rows[0]) if rows else None


def with_id(store: Store, message_id: str) -> Kept | None:
    """Find a message by its id, without angle brackets."""
    rows = store.execute(f"{_KEPT} WHERE message_id = ?", (message_id,))
    return _kept(rows[0]) if rows else None


def in_state(store: Store, state: str) -> list[Kept]:
    """List the messages that stand so, oldest first."""
    return [_kept(row) for row in store.execute(f"{_KEPT} WHERE state = ? ORDER BY moment_us", (state,))]


def bounced(notice: Notice, ctx: Context) -> bool:
    """Tell whether a message of the same case by the same way came back."""
    return bool(
        ctx.execute(
            "SELECT 1 FROM notification_message WHERE subject = ? AND channel = ? AND recipient = ? "
            "AND state = 'bounced' LIMIT 1",
            (notice.subject, notice.channel, notice.recipient),
        )
    )


def _kept(row: Row) -> Kept:
    subject, template, channel, recipient, client, message_id, language, asked_id, give_up, *rest = row
    state, attempt, reason, cause = rest
    return Kept(
        notice=Notice(subject, template, Channel(channel), Recipient(recipient)),
        client=client,
        message_id=message_id,
        language=language,
        asked_id=UUID(asked_id),
        give_up_at_us=give_up,
        state=state,
        attempt=attempt,
        reason=reason,
        cause=cause,
    )
