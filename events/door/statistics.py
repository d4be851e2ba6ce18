"""A second long answer: statistics, by their own numbering, which is no place in the journal.

Best effort to the last: rows that another process wrote beside us, and committed late under a lower number,
are passed over on PostgreSQL; who reads on after the file was begun anew is told so and begins at 0.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from django.db import connections
from django.db.models import Max

from events.door.problems import Problem
from events.door.reading import MARK_EVERY_S, NUMBER, framed
from events.door.services import readable
from events.door.threads import OwnThread
from events.models import Statistic
from events.statistics import DROPPED
from protocol.catalogue import knows, stream_of
from protocol.schemas.journal_v1_pb2 import Frame, Mark, Record

__all__ = ["STREAM", "Page", "StatisticsQuestion", "statistics_answer", "statistics_question"]

STREAM: Final = "verification.statistics"
_AT_ONCE: Final = 500
# They are written twice a second.
_LOOK_EVERY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class StatisticsQuestion:
    """After which number a service reads on."""

    after: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some statistics in order, the number read up to, and the highest that there is."""

    records: tuple[Record, ...]
    through: int
    head: int


def statistics_question(service: str, query: str) -> StatisticsQuestion:
    """Read `after=N`; without it, from the first that is kept.

    Raises:
        Problem: 400, N is no number; 403, the catalogue does not give this service the stream.
    """
    after = parse_qs(query).get("after", ["0"])[-1]
    if not NUMBER.fullmatch(after):
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid", "after must be a statistic's number")
    readable(service, [STREAM])
    return StatisticsQuestion(int(after))


async def statistics_answer(asked: StatisticsQuestion) -> AsyncGenerator[bytes, None]:
    """Give frames for ever: first a mark that says where the statistics end, then each as it comes.

    The frames are the journal's (`vouch.journal.v1.Frame`): `position` holds the number, `epoch` is empty.
    A record of type `dropped` says how many were lost before it: its payload is the number, big-endian.

    Raises:
        Problem: 416, before the first frame only: there is no such number (any more): begin at 0.
    """
    after = asked.after
    async with OwnThread(connections.close_all) as thread:
        page = await thread.call(lambda: _page(after, 0))
        if after > page.head:
            raise _in_the_future(asked, page.head)
        yield _mark(after, page.head)
        marked_s = time.monotonic()
        while True:
            at = after
            page = await thread.call(lambda: _page(at, _AT_ONCE))  # noqa: B023 - awaited in this round
            after, late = page.through, time.monotonic() - marked_s > MARK_EVERY_S
            if page.records or late:
                yield b"".join([*map(_record, page.records), _mark(after, page.head)])
                marked_s = time.monotonic()
            if not page.records:
                await thread.call(_rest)


def _page(after: int, limit: int) -> Page:
    found = list(Statistic.objects.filter(id__gt=after).order_by("id")[:limit]) if limit else []
    through = found[-1].pk if found else after
    head = Statistic.objects.aggregate(head=Max("id"))["head"] or 0
    return Page(tuple(map(_as_record, found)), through, max(head, through) if found else head)


def _as_record(row: Statistic) -> Record:
    owner = stream_of(row.type).owner if row.type != DROPPED and knows(row.type) else ""
    return Record(
        position=row.pk,
        type=row.type,
        source=owner,
        stream=STREAM,
        subject=row.subject,
        client=row.client,
        occurred_at_us=row.noted_at_us,
        payload=bytes(row.payload),
    )


def _record(record: Record) -> bytes:
    return framed(Frame(record=record))


def _mark(position: int, head: int) -> bytes:
    return framed(Frame(mark=Mark(position=position, head=head)))


def _in_the_future(asked: StatisticsQuestion, head: int) -> Problem:
    return Problem(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        "in_the_future",
        f"the statistics end at {head}",
        available={"oldest": 1, "head": head, "asked": {"epoch": "", "position": asked.after}, "epoch": ""},
    )


def _rest() -> None:
    """Wait without a connection; a thread that waits ends with nothing else."""
    connections["statistics"].close()
    time.sleep(_LOOK_EVERY_S)
