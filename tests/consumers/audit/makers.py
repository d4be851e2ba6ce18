"""Events as the journal has them, logs made of them, and keys to sign their heads with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from uuid import UUID

from hypothesis import strategies as st

from consumers.audit.entries import START, chained, new_epoch, of_event
from consumers.audit.files import HeadsFile, read_export, write_export
from consumers.audit.heads import Head, signed
from consumers.audit.keys import SigningKey
from consumers.audit.log import Kept, prepare
from consumers.audit.publishing import Publisher
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Store, open_store
from subscriber.tables import make_outbox

__all__ = [
    "KEY",
    "export_of",
    "head_of",
    "log_of",
    "logs",
    "opened_log",
    "publisher",
    "read_back",
    "record",
    "viewed",
]

KEY = SigningKey(b"k" * 32)
EPOCH = "aaaaaaaa"
_AT_US = 1_770_000_000_000_000


def record(position: int, *, epoch: str = EPOCH, payload: bytes = b"\x0a\x01x", **named: str) -> Record:
    """Make an event at a position of the journal; of no type that this build knows, unless one is named."""
    at_us = _AT_US + position * 1_000_000
    made = Record(
        id=UUID(int=position, version=4).bytes,
        type="vouch.tests.v1.Said",
        stream="verification.case",
        subject="case-1",
        epoch=epoch,
        position=position,
        client="cl_1",
        source="verification",
        occurred_at_us=at_us,
        recorded_at_us=at_us + 1,
        sequenced_at_us=at_us + 2,
        payload=payload,
    )
    for name, value in named.items():
        setattr(made, name, value)
    return made


def viewed(position: int, staff: str, *, case: str = "case-1", applicant: str = "ap_1") -> Record:
    """Make the event that somebody saw a picture of a case."""
    said = v.PersonalDataViewed(staff_id=staff, what="evidence", evidence_id="ev_1", ground="review")
    return record(
        position,
        payload=said.SerializeToString(deterministic=True),
        type="vouch.verification.v1.PersonalDataViewed",
        stream="verification.access",
        subject=case,
        applicant=applicant,
    )


def log_of(records: Sequence[Record]) -> list[Kept]:
    """Make the log of some events by the letter of the format; an epoch that changes gets its entry."""
    kept: list[Kept] = []
    hash_, epoch = START, ""
    for one in records:
        if epoch not in {"", one.epoch}:
            entry = new_epoch(len(kept) + 1, one.epoch, one.position - 1)
            kept.append(Kept(entry, hash_ := chained(hash_, entry)))
        entry, epoch = of_event(len(kept) + 1, one), one.epoch
        kept.append(Kept(entry, hash_ := chained(hash_, entry)))
    return kept


def head_of(kept: Kept, key: SigningKey = KEY) -> Head:
    """Sign how a log stood when an entry was its last."""
    at = kept.entry
    return signed(Head(at.number, kept.hash, at.epoch, at.position, _AT_US, b"", b""), key)


@st.composite
def logs(draw: st.DrawFn) -> list[Kept]:
    """Draw a log of a journal that was restored any number of times."""
    records: list[Record] = []
    position = 0
    for n in range(draw(st.integers(1, 3))):
        position = draw(st.integers(0, position))
        for _ in range(draw(st.integers(1, 5))):
            position += 1
            words = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
            named = {"subject": draw(words), "applicant": draw(words)}
            records.append(record(position, epoch=f"{n:08x}", payload=draw(st.binary(max_size=8)), **named))
    return log_of(records)


def export_of(log: Sequence[Kept]) -> str:
    """Write a log as an export."""
    file = StringIO()
    write_export(log, file)
    return file.getvalue()


def read_back(text: str) -> Iterator[Kept]:
    """Read an export from its text."""
    return read_export(StringIO(text, newline="\n"))


@contextmanager
def opened_log(place: str | Path) -> Iterator[Store]:
    """Open a log's database, made when it is new."""
    store = open_store(place)
    try:
        prepare(store)
        yield store
    finally:
        store.close()


def publisher(store: Store, folder: Path, key: SigningKey = KEY) -> Publisher:
    """Make what publishes the heads of a log into a folder's file."""
    with store.transaction():
        make_outbox(store)
    return Publisher(store, HeadsFile(folder / "heads.jsonl"), key)
