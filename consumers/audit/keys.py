"""The key that heads are signed with: Ed25519 (RFC 8032), its 32 bytes as hex digits."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consumers.audit.errors import WrongKey

__all__ = ["SigningKey", "kept_key", "read_key", "signed_by"]


class SigningKey:
    """A private key; nothing of it shows."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """Give the signature, 64 bytes; the same for the same data."""
        return self._key.sign(data)


def read_key(text: str, where: str) -> SigningKey:
    """Read a private key from 64 hex digits.

    Raises:
        WrongKey: it is none; the message says `where` it was, and not what it was.
    """
    try:
        return SigningKey(bytes.fromhex(text.strip()))
    except ValueError:
        raise WrongKey(f"{where} does not hold the 64 hex digits of an Ed25519 private key") from None


def kept_key(path: Path) -> SigningKey:
    """Read the key of a file (0600), which is made with a new one when it is not there.

    Raises:
        WrongKey: the file holds none.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Of two processes that start together one makes it: a link never replaces what is there.
    if not path.exists():
        new = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(new)
        new.unlink()
    return read_key(path.read_text(encoding="ascii"), str(path))


def signed_by(public: bytes, signature: bytes, data: bytes) -> bool:
    """Tell whether data were signed with the private half of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (ValueError, InvalidSignature):
        return False
    return True
