"""What may never travel best effort: money, decisions, who may act, who looked at what."""

from __future__ import annotations

import re
from typing import Final

from protocol.catalogue import Lane, Stream
from protocol.schemas.verification_v1_pb2 import Money

__all__ = ["best_effort_offence"]

_PRECIOUS: Final = frozenset(
    {"access", "account", "audit", "billing", "decision", "decisions", "exposure", "fraud", "money", "policy"}
)
_PRECIOUS_MESSAGES: Final = re.compile(r"Decision|Trust|Billed|Charged|Key(Issued|Revoked)|Viewed|Erased")


def best_effort_offence(stream: Stream) -> str | None:
    """Say why a stream may not be delivered best effort; None when it may be, or is not.

    Args:
        stream: a row of the catalogue, or one that wants to be.
    """
    if stream.lane is not Lane.BEST_EFFORT:
        return None
    if precious := _PRECIOUS & {stream.owner, *stream.name.split(".")}:
        return f"{stream.name} is about {min(precious)}: it may never be lost in silence"
    for message in stream.messages:
        if _PRECIOUS_MESSAGES.search(message.DESCRIPTOR.name):
            return f"{stream.name} carries {message.DESCRIPTOR.name}: it may never be lost in silence"
        if any(field.message_type is Money.DESCRIPTOR for field in message.DESCRIPTOR.fields):
            return f"{stream.name} carries an amount of money in {message.DESCRIPTOR.name}"
    return None
