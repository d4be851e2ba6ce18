"""Keeps the bytes of evidence: one encrypted file each, under a random id, checked on every read.

A file is `VE1`, a zero byte, 16 random bytes, the ciphertext, and the 16-byte tag of AES-256-GCM. Key and
nonce are derived for each file by HKDF-SHA256 (RFC 5869) from the applicant's data key, the random bytes and
the evidence's id, so no pair of key and nonce is ever used twice; the tag is the checksum. Knows no Django:
vision processes use it too.
"""

from __future__ import annotations

import os
import secrets
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.ids import caused_id

__all__ = ["EvidenceDamaged", "EvidenceMissing", "EvidenceStore", "derived"]

_MAGIC = b"VE1\0"
_SALT_BYTES = 16
_TAG_BYTES = 16
_KEY_BYTES = 32
_NONCE_BYTES = 12
_CHUNK_BYTES = 1 << 20


class EvidenceMissing(LookupError):
    """No file lies under that id: it was never put there, or the folder is not the one it was put in."""


class EvidenceDamaged(ValueError):
    """The file is not what was put there, or it was put under another key: restore it from a back-up."""


def derived(evidence_id: str, what: str) -> str:
    """Name what is cut from evidence: the same id for the same cut, so a step done again adds nothing."""
    return str(caused_id(UUID(evidence_id), what, 0))


class EvidenceStore:
    """A folder of encrypted files; made when it is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, evidence_id: str, data: bytes, key: bytes) -> None:
        """Keep bytes; see `put_file`."""
        self.put_file(evidence_id, BytesIO(data), key)

    def put_file(self, evidence_id: str, file: BinaryIO, key: bytes) -> None:
        """Keep what a file holds from its present place on; when this returns it survives a power cut.

        Args:
            evidence_id: a UUID as text; what lay under it is replaced in one step.
            file: read in chunks of 1 MiB, so that a long clip never lies in memory.
            key: the applicant's 64-byte data key of the evidence's class.

        Raises:
            OSError: the folder cannot be written to.
        """
        path = self._path(evidence_id)
        _make_folder(path.parent)
        new = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                _encrypt(file, target, key, evidence_id)
                target.flush()
                os.fsync(target.fileno())
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
        _sync_folder(path.parent)

    def open(self, evidence_id: str, key: bytes) -> bytes:
        """Read what was put under an id.

        Raises:
            EvidenceMissing: nothing lies there.
            EvidenceDamaged: its checksum is wrong.
        """
        try:
            stored = self._path(evidence_id).read_bytes()
        except FileNotFoundError as error:
            raise EvidenceMissing(f"evidence {evidence_id} is not in the store") from error
        return _decrypt(stored, key, evidence_id)

    def delete(self, evidence_id: str) -> None:
        """Take a file away; nothing happens when there is none."""
        self._path(evidence_id).unlink(missing_ok=True)

    def _path(self, evidence_id: str) -> Path:
        # By the last digits: the first ones of a UUIDv7 are the time, and would all share a folder.
        name = str(UUID(evidence_id))
        return self._folder / name[-2:] / name


def _cipher(key: bytes, salt: bytes, evidence_id: str, tag: bytes | None = None) -> Cipher[GCM]:
    info = b"vouch evidence " + evidence_id.encode()
    derived = HKDF(SHA256(), _KEY_BYTES + _NONCE_BYTES, salt, info).derive(key)
    return Cipher(AES(derived[:_KEY_BYTES]), GCM(derived[_KEY_BYTES:], tag))


def _encrypt(source: BinaryIO, target: BinaryIO, key: bytes, evidence_id: str) -> None:
    salt = secrets.token_bytes(_SALT_BYTES)
    encryptor = _cipher(key, salt, evidence_id).encryptor()
    encryptor.authenticate_additional_data(_MAGIC)
    target.write(_MAGIC + salt)
    while chunk := source.read(_CHUNK_BYTES):
        target.write(encryptor.update(chunk))
    target.write(encryptor.finalize() + encryptor.tag)


def _decrypt(stored: bytes, key: bytes, evidence_id: str) -> bytes:
    head = len(_MAGIC) + _SALT_BYTES
    if len(stored) < head + _TAG_BYTES or not stored.startswith(_MAGIC):
        raise EvidenceDamaged(f"evidence {evidence_id}: the file is not one of this store")
    decryptor = _cipher(key, stored[len(_MAGIC) : head], evidence_id, stored[-_TAG_BYTES:]).decryptor()
    decryptor.authenticate_additional_data(_MAGIC)
    try:
        return decryptor.update(memoryview(stored)[head:-_TAG_BYTES]) + decryptor.finalize()
    except InvalidTag as error:
        raise EvidenceDamaged(f"evidence {evidence_id}: the checksum is wrong") from error


def _make_folder(folder: Path) -> None:
    """Make a folder, and make its name and those of the folders made above it survive a power cut."""
    missing = list(takewhile(lambda one: not one.exists(), (folder, *folder.parents)))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for made in missing:
        _sync_folder(made.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
