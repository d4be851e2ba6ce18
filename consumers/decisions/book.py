"""The clients' policies as the service holds them: each version that was ever said, made ready once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from google.protobuf.message import Message

from protocol.envelope import Event
from protocol.policies import CompiledPolicy, NoPolicy, PolicyRef, policy_of, read_again
from protocol.schemas import client_v1_pb2 as client
from subscriber import Context, NotNow, Store

__all__ = ["FOLLOWED", "PolicyNotHere", "finder", "note", "prepare"]

FOLLOWED: tuple[type[Message], ...] = (client.PolicyChanged,)
_READY: Final = 1_000


class PolicyNotHere(NotNow):
    """A case is pinned to a policy that has not come yet: it waits; policies come by another stream."""


def prepare(store: Store) -> None:
    """Make the table where there is none; inside a transaction."""
    store.execute(
        "CREATE TABLE IF NOT EXISTS policies (client TEXT NOT NULL, name TEXT NOT NULL, "
        "version BIGINT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (client, name, version))"
    )


def note(event: Event, _value: object, ctx: Context) -> None:
    """Keep a version of a policy."""
    match event.message:
        case client.PolicyChanged() as said:
            ctx.execute(
                "INSERT INTO policies (client, name, version, content) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (client, name, version) DO NOTHING",
                (event.envelope.client, said.name, said.version, said.content),
            )


def finder(ctx: Context) -> Callable[[str, PolicyRef], CompiledPolicy]:
    """Give what finds a client's policy of a version, made ready.

    It raises `PolicyNotHere` for one that nobody has said yet.
    """

    def find(owner: str, ref: PolicyRef) -> CompiledPolicy:
        return _shipped(ref) or _own(ctx, owner, ref)

    return find


def _own(ctx: Context, owner: str, ref: PolicyRef) -> CompiledPolicy:
    rows = ctx.execute(
        "SELECT content FROM policies WHERE client = ? AND name = ? AND version = ?",
        (owner, ref.name, ref.version),
    )
    if not rows:
        raise PolicyNotHere(f"{owner} has said no policy {ref.name!r} of version {ref.version} so far")
    return _made_ready(ref, str(rows[0][0]))


@lru_cache(_READY)
def _made_ready(ref: PolicyRef, content: str) -> CompiledPolicy:
    return CompiledPolicy(read_again(content, ref))


@lru_cache(_READY)
def _shipped(ref: PolicyRef) -> CompiledPolicy | None:
    try:
        return CompiledPolicy(policy_of(ref))
    except NoPolicy:
        return None
