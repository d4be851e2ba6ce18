"""Which clients may be compared with which: sharing groups, as the journal says them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from protocol.envelope import Event
from protocol.schemas import client_v1_pb2 as client
from subscriber import Context, Store
from subscriber.store import Row, Value

__all__ = ["Execute", "members", "prepare", "take"]

Execute: TypeAlias = Callable[[str, Sequence[Value]], list[Row]]
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS fraud_member (
    client TEXT NOT NULL, sharing_group TEXT NOT NULL, from_us BIGINT NOT NULL, until_us BIGINT NOT NULL,
    PRIMARY KEY (client, sharing_group)
)
"""
_WITH: Final = """
SELECT other.client, MIN(other.sharing_group) FROM fraud_member AS own
JOIN fraud_member AS other ON other.sharing_group = own.sharing_group AND other.client <> own.client
WHERE own.client = ? AND own.from_us <= ? AND (own.until_us = 0 OR own.until_us > ?)
AND other.from_us <= ? AND (other.until_us = 0 OR other.until_us > ?)
GROUP BY other.client ORDER BY MIN(other.sharing_group), other.client
"""


def prepare(store: Store) -> None:
    """Make the table where there is none."""
    with store.transaction():
        store.execute(_TABLE)


def take(event: Event, _value: object, ctx: Context) -> None:
    """Keep who is a member."""
    match event.message:
        case client.SharingJoined() as said:
            ctx.execute(
                "INSERT INTO fraud_member VALUES (?, ?, ?, ?) ON CONFLICT (client, sharing_group) DO UPDATE "
                "SET from_us = excluded.from_us, until_us = excluded.until_us",
                (event.envelope.client, said.sharing_group, said.from_us, said.until_us),
            )
        case client.SharingLeft() as said:
            ctx.execute(
                "DELETE FROM fraud_member WHERE client = ? AND sharing_group = ?",
                (event.envelope.client, said.sharing_group),
            )


def members(execute: Execute, of: str, at_us: int) -> list[tuple[str, str]]:
    """List the clients that one is compared with at a moment, each once, with a group that both are in."""
    return [(str(other), str(group)) for other, group in execute(_WITH, (of, *[at_us] * 4))]
