r"""The log's entries, how each is written as bytes, and how its hash takes in all before it.

An entry is a list of texts, `FIELDS` in their order; numbers are decimal, ids and hashes in lower case.

    bytes(entry) = for each field: its length in bytes, decimal, then ":", the text in UTF-8, then ","
    hash(n)      = SHA-256( "vouch.audit.entry.v1\n" + hash(n - 1) + bytes(entry n) )
    hash(0)      = 32 zero bytes

A field so written is a netstring (cr.yp.to/proto/netstrings.txt): no two lists of texts have the same bytes.
There are two kinds of entry. `event`: one event of the journal. `epoch`: the journal was put back from a
back-up, and from the next entry on it counts in another epoch; `position` is the last one that both histories
have.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

from protocol.records import Recorded

__all__ = ["FIELDS", "START", "Entry", "Kind", "chained", "new_epoch", "of_event"]

_DOMAIN: Final = b"vouch.audit.entry.v1\n"
# The hash before the first entry.
START: Final = bytes(32)


class Kind:
    """What an entry tells of."""

    EVENT: Final = "event"
    EPOCH: Final = "epoch"


class Entry(NamedTuple):
    """One entry, without its hash; times in microseconds since 1970 UTC.

    `number` counts entries from 1. `payload_sha256` is of the stored bytes, in which personal fields are
    sealed: it stays true when the keys are destroyed. An entry of kind `epoch` has nothing after `position`,
    and zeros for times.
    """

    number: int
    kind: str
    epoch: str
    position: int
    id: str
    type: str
    stream: str
    subject: str
    client: str
    applicant: str
    source: str
    occurred_at_us: int
    recorded_at_us: int
    sequenced_at_us: int
    payload_sha256: str


FIELDS: Final = Entry._fields


def of_event(number: int, record: Recorded) -> Entry:
    """Make the entry of an event."""
    return Entry(
        number,
        Kind.EVENT,
        record.epoch,
        record.position,
        str(UUID(bytes=record.id)),
        record.type,
        record.stream,
        record.subject,
        record.client,
        record.applicant,
        record.source,
        record.occurred_at_us,
        record.recorded_at_us,
        record.sequenced_at_us,
        sha256(record.payload).hexdigest(),
    )


def new_epoch(number: int, epoch: str, common: int) -> Entry:
    """Make the entry that says that the journal was restored, up to `common`, and counts in another epoch."""
    return Entry(number, Kind.EPOCH, epoch, common, "", "", "", "", "", "", "", 0, 0, 0, "")


def chained(before: bytes, entry: Entry) -> bytes:
    """Give the hash of an entry that follows an entry with the hash `before`, 32 bytes."""
    parts = [_DOMAIN, before]
    for value in entry:
        text = str(value).encode()
        parts.append(b"%d:%b," % (len(text), text))
    return sha256(b"".join(parts)).digest()
