"""What can be compared of a case, and how it is sealed in the service's own rows.

Nothing personal lies there in clear: each value is sealed (AES-SIV, RFC 5297) under a key that is gone with
the applicant's key of its class, so that an erasure reaches it while the service is off too.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from protocol.catalogue import PersonalClass
from subscriber import SubscriberError

__all__ = ["CLASS_OF", "Damaged", "Kind", "Sealed", "Signal", "sealed", "unsealed"]


class Damaged(SubscriberError):
    """A sealed value of the service's own does not open: make the rows anew (`replay`)."""


class Kind(StrEnum):
    """What is compared."""

    DOCUMENT = "document"
    DETAILS = "details"
    PICTURE = "picture"
    CLIP = "clip"
    FACE = "face"
    DEVICE = "device"


# By which of an applicant's keys each is sealed: the same class that its value has in the journal.
CLASS_OF: Final[Mapping[Kind, PersonalClass]] = {
    Kind.DOCUMENT: PersonalClass.IDENTITY,
    Kind.DETAILS: PersonalClass.IDENTITY,
    Kind.PICTURE: PersonalClass.IDENTITY,
    Kind.DEVICE: PersonalClass.IDENTITY,
    Kind.CLIP: PersonalClass.BIOMETRIC,
    Kind.FACE: PersonalClass.BIOMETRIC,
}


class Signal(NamedTuple):
    """A value that may be alike another case's; `source` tells two of a kind apart: an evidence's id."""

    kind: Kind
    source: str
    value: bytes

    def __repr__(self) -> str:
        return f"Signal({self.kind}, {self.source})"


class Sealed(NamedTuple):
    """A signal, and its value as the rows keep it."""

    signal: Signal
    ciphertext: bytes


def sealed(signal: Signal, case: str, own_key: bytes) -> Sealed:
    """Seal a signal for its place; the same one gives the same bytes."""
    return Sealed(signal, AESSIV(own_key).encrypt(signal.value, _place(case, signal.kind, signal.source)))


def unsealed(ciphertext: bytes, case: str, kind: Kind, source: str, own_key: bytes) -> Signal:
    """Open what was sealed.

    Raises:
        Damaged: it was changed or moved, or sealed by another key.
    """
    try:
        return Signal(kind, source, AESSIV(own_key).decrypt(ciphertext, _place(case, kind, source)))
    except InvalidTag as error:
        raise Damaged(f"case {case}: its {kind} does not open: replay the service") from error


def _place(case: str, kind: Kind, source: str) -> list[bytes]:
    return [case.encode(), kind.encode(), source.encode()]
