"""A long answer: the journal from a position on, then whatever comes, frame by frame."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from django.db import connections

from events.door.problems import Problem
from events.door.services import readable
from events.door.threads import OwnThread
from events.source import SqlJournalSource
from protocol.records import as_record
from protocol.schemas.journal_v1_pb2 import EpochStart, Frame, Mark
from subscriber.source import Batch

__all__ = ["MARK_EVERY_S", "NUMBER", "Question", "answer", "framed", "frames", "question"]

_AT_ONCE: Final = 500
_LOOK_EVERY_S: Final = 0.005
# One wait in a thread; short, because a thread that waits ends with nothing else.
_WAIT_S: Final = 0.25
MARK_EVERY_S: Final = 5.0
# What a database's 8 bytes hold, and no digits but these.
NUMBER: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Question:
    """Which streams a service follows, and after which position; `epoch` is empty when it has none yet."""

    epoch: str
    after: int
    streams: tuple[str, ...]


def question(service: str, query: str) -> Question:
    """Read `after=EPOCH-P&streams=a,b`; without `after` from the beginning, without an epoch in any.

    Raises:
        Problem: 400 or 403.
    """
    asked = parse_qs(query)
    epoch, _, after = asked.get("after", ["0"])[-1].rpartition("-")
    names = [name for name in asked.get("streams", [""])[-1].split(",") if name]
    if not NUMBER.fullmatch(after):
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid", "after must be EPOCH-POSITION")
    return Question(epoch, int(after), tuple(readable(service, names)))


async def answer(asked: Question) -> AsyncGenerator[bytes, None]:
    """Give frames for ever: first a mark that says where the journal stands, then events as they come.

    Raises:
        Problem: before the first frame only: 409 events of another history were read, 416 a position that
            does not exist yet.
    """
    source, after = SqlJournalSource(asked.streams), asked.after
    async with OwnThread(connections.close_all) as thread:
        batch = await thread.call(lambda: source.read(after, 1))
        _check(asked, batch)
        yield framed(Frame(mark=_first_mark(after, batch)))
        marked_s = time.monotonic()
        while True:
            at = after
            batch = await thread.call(lambda: source.read(at, _AT_ONCE))  # noqa: B023 - awaited in this round
            after, late = batch.through, time.monotonic() - marked_s > MARK_EVERY_S
            if batch.records or late:
                yield frames(batch)
                marked_s = time.monotonic()
            if not batch.records:
                await thread.call(lambda: _wait(source))


def frames(batch: Batch) -> bytes:
    """Write a batch: each record, then a mark."""
    parts = [framed(Frame(record=as_record(record))) for record in batch.records]
    return b"".join([*parts, _mark(batch.through, batch)])


def _mark(position: int, batch: Batch) -> bytes:
    return framed(Frame(mark=Mark(position=position, head=batch.head, epoch=batch.epoch)))


def _first_mark(position: int, batch: Batch) -> Mark:
    """Say where the journal stands, and in which epochs it came there: a reader finds its own among them."""
    starts = [EpochStart(first_position=first, epoch=epoch) for first, epoch in batch.lineage.starts]
    return Mark(position=position, head=batch.head, epoch=batch.epoch, lineage=starts)


def framed(frame: Frame) -> bytes:
    """Write a frame: its length in four bytes, big-endian, and itself."""
    data = frame.SerializeToString()
    return len(data).to_bytes(4, "big") + data


def _check(asked: Question, batch: Batch) -> None:
    available: dict[str, object] = {
        "epoch": batch.epoch,
        "oldest": 1,
        "head": batch.head,
        "asked": {"epoch": asked.epoch, "position": asked.after},
    }
    common = batch.lineage.common(asked.epoch, asked.after)
    if asked.epoch and asked.epoch != batch.epoch and common < asked.after:
        available["common"] = common
        raise Problem(
            HTTPStatus.CONFLICT, "epoch_changed", "the journal was restored: rebuild", available=available
        )
    if asked.after > batch.head:
        raise Problem(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "in_the_future",
            f"the journal ends at {batch.head}",
            available=available,
        )


def _wait(source: SqlJournalSource) -> None:
    """Wait for news without a connection: what one process waits with is in `events/database/waking.py`."""
    source.rest()
    until_s = time.monotonic() + _WAIT_S
    while time.monotonic() < until_s and not source.news():
        time.sleep(_LOOK_EVERY_S)
