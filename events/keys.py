"""Applicants' keys: one for each applicant and class, in a database of their own, made once.

Order of commits: the key store commits a new key *before* the main database commits the event it seals,
because two SQLite files share no transaction. A crash between leaves a key that no event uses, and the next
attempt uses it; the other order would leave an event that nobody can open. `journal_sealed_by` (main
database, written with the event) says which keys are in use, so that a key the store has lost is told from
one never made.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Final

from django.db import DatabaseError, transaction

from events.database import journal_database
from events.errors import Erased, KeysAway, NeverMade
from events.models import ApplicantKey
from protocol.catalogue import PersonalClass
from protocol.ids import to_us

__all__ = ["KEY_BYTES", "data_key", "data_keys", "destroy_key", "forget_cached", "keys_answer", "make_keys"]

# AES-SIV with two 256-bit halves (RFC 5297).
KEY_BYTES: Final = 64
# A destroyed key must be gone from every process within a minute (DESIGN §8).
_CACHE_S: Final = 60.0
_CACHE_SIZE: Final = 4096


class _Cache:
    """Keys read lately, each for less than a minute."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, PersonalClass], tuple[float, bytes]] = {}
        self._lock = threading.Lock()

    def get(self, applicant: str, personal: PersonalClass) -> bytes | None:
        """Give a key that was read within the last minute."""
        until_s, key = self._kept.get((applicant, personal), (0.0, b""))
        return key if time.monotonic() < until_s else None

    def put(self, applicant: str, personal: PersonalClass, key: bytes) -> None:
        """Keep a key for a minute, in place of the oldest when too many are kept."""
        with self._lock:
            while len(self._kept) >= _CACHE_SIZE:
                del self._kept[next(iter(self._kept))]
            self._kept[applicant, personal] = (time.monotonic() + _CACHE_S, key)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._kept.clear()


_cache = _Cache()
forget_cached = _cache.clear


def data_key(applicant: str, personal: PersonalClass, *, create: bool) -> bytes:
    """Give an applicant's key of one class, 64 bytes, at most a minute old.

    Args:
        applicant: its id.
        personal: the class.
        create: make the key when no event ever used one.

    Raises:
        Erased: the key was destroyed.
        KeysAway: the key store cannot answer, or has lost this key: come again.
        NeverMade: there is none, and `create` is false.
    """
    key = _cache.get(applicant, personal)
    if key is None:
        with _answering():
            key = _find(applicant, personal) or _make(applicant, personal, create=create)
        _remember(applicant, personal, key)
    return key


def data_keys(applicants: Iterable[str], personal: PersonalClass) -> dict[str, bytes]:
    """Give the keys of one class of many applicants; those that were destroyed or never made are left out.

    Raises:
        KeysAway: the key store cannot answer, or has lost one of them: come again.
    """
    wanted = set(applicants)
    with _answering():
        rows = list(ApplicantKey.objects.filter(applicant__in=wanted, personal_class=personal))
    for unheard in wanted - {row.applicant for row in rows}:
        with suppress(NeverMade):
            data_key(unheard, personal, create=False)
    return {row.applicant: bytes(row.key) for row in rows if row.key is not None}


def make_keys(applicant: str, classes: Iterable[PersonalClass]) -> None:
    """Make what is missing of an applicant's keys in one commit; raises as `data_key` does."""
    missing = [c for c in classes if _cache.get(applicant, c) is None]
    if not missing:
        return
    with _answering(), transaction.atomic(using="keys"):
        made = {c: _find(applicant, c) or _make(applicant, c, create=True) for c in missing}
    for personal, key in made.items():
        _remember(applicant, personal, key)


def destroy_key(applicant: str, personal: PersonalClass, *, now: datetime) -> None:
    """Destroy a key for good, also one that was never made; other processes may use it for a minute yet.

    Raises:
        KeysAway: the key store cannot answer: nothing was destroyed.
    """
    with _answering(), transaction.atomic(using="keys"):
        gone = {"key": None, "destroyed_at_us": to_us(now)}
        row, _ = ApplicantKey.objects.select_for_update().get_or_create(
            applicant=applicant, personal_class=personal, defaults=gone
        )
        ApplicantKey.objects.filter(pk=row.pk, key__isnull=False).update(**gone)
    _cache.clear()


def keys_answer() -> bool:
    """Tell whether the key store can be read."""
    try:
        ApplicantKey.objects.exists()
    except DatabaseError:
        return False
    return True


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise KeysAway(
            "the key store does not answer: nothing personal can be opened or sealed now"
        ) from error


def _remember(applicant: str, personal: PersonalClass, key: bytes) -> None:
    """Cache a key that is committed: one still in a transaction may yet be rolled back."""
    if not transaction.get_connection("keys").in_atomic_block:
        _cache.put(applicant, personal, key)


def _find(applicant: str, personal: PersonalClass) -> bytes | None:
    row = ApplicantKey.objects.filter(applicant=applicant, personal_class=personal).first()
    return None if row is None else _key_of(row)


def _key_of(row: ApplicantKey) -> bytes:
    if row.key is None:
        name = f"the {row.personal_class} key of applicant {row.applicant}"
        raise Erased(f"{name} was destroyed: its values cannot be read again")
    return bytes(row.key)


def _make(applicant: str, personal: PersonalClass, *, create: bool) -> bytes:
    """Make a key, unless it was lost; whoever comes second in a race finds what the first one did."""
    name = f"the {personal} key of applicant {applicant}"
    if personal in journal_database().known_classes(applicant):
        raise KeysAway(f"{name} is in use but not in the key store: restore the store's newest back-up")
    if not create:
        raise NeverMade(f"{name} was never made: no event has used it")
    with transaction.atomic(using="keys"):
        row, _ = ApplicantKey.objects.get_or_create(
            applicant=applicant,
            personal_class=personal,
            defaults={"key": secrets.token_bytes(KEY_BYTES)},
        )
    return _key_of(row)
