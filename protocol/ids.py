"""Identifiers of events: in order of time when a person caused them, repeatable when an event did."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

__all__ = ["caused_id", "from_us", "new_uuid7", "to_us", "uuid7"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Namespace of every repeatable id; drawn once, never changed.
_NAMESPACE = UUID("5f0c9d3e-2a57-4c43-9a0d-6c1b7a1e84d2")


def uuid7(*, unix_ms: int, random: bytes) -> UUID:
    """Build a version 7 UUID (RFC 9562 §5.7).

    Args:
        unix_ms: milliseconds since 1970 UTC, 48 bits.
        random: at least 10 bytes; 74 of their bits are used.
    """
    rand = int.from_bytes(random[:10], "big")
    value = (unix_ms & (1 << 48) - 1) << 80 | rand
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def new_uuid7(now: datetime) -> UUID:
    """Make a fresh version 7 UUID for a moment; not repeatable."""
    return uuid7(unix_ms=int(now.timestamp() * 1000), random=secrets.token_bytes(10))


def caused_id(cause: UUID, subscriber: str, ordinal: int) -> UUID:
    """Name the nth event that a subscriber emits because of another; asked again, the same (version 5)."""
    return uuid5(_NAMESPACE, f"{cause}/{subscriber}/{ordinal}")


def to_us(moment: datetime) -> int:
    """Count the microseconds from 1970 UTC to an aware moment."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    """Give the aware UTC moment that lies so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=us)
