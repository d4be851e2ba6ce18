r"""A head: how the log stood at a moment, signed, so that what is done to the log afterwards is found.

signed bytes = "vouch.audit.head.v1\n" + netstrings of entries, hash (hex), epoch, position, signed_at_us and
               public key (hex), numbers in decimal
"""

from __future__ import annotations

from typing import Final, NamedTuple

from consumers.audit.keys import SigningKey, signed_by
from protocol.schemas.audit_v1_pb2 import HeadPublished

__all__ = ["Head", "event_of", "holds", "signed"]

_DOMAIN: Final = b"vouch.audit.head.v1\n"


class Head(NamedTuple):
    """The log's last entry at a moment (microseconds since 1970 UTC), and a signature over it."""

    entries: int
    hash: bytes
    epoch: str
    position: int
    signed_at_us: int
    public_key: bytes
    signature: bytes


def signed(unsigned: Head, key: SigningKey) -> Head:
    """Give the head under a key's signature."""
    named = unsigned._replace(public_key=key.public)
    return named._replace(signature=key.sign(_bytes(named)))


def holds(head: Head, public_key: bytes) -> bool:
    """Tell whether a head was signed with the private half of this key."""
    return head.public_key == public_key and signed_by(public_key, head.signature, _bytes(head))


def event_of(head: Head) -> HeadPublished:
    """Write a head as the event that publishes it."""
    return HeadPublished(**head._asdict())


def _bytes(head: Head) -> bytes:
    texts = (
        *(str(head.entries), head.hash.hex(), head.epoch, str(head.position)),
        *(str(head.signed_at_us), head.public_key.hex()),
    )
    return _DOMAIN + b"".join(b"%d:%b," % (len(data := text.encode()), data) for text in texts)
