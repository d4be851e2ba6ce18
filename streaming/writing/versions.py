"""The versions of the public projection, and from where in the journal on each one speaks.

A version never changes once it has spoken: the golden files hold its bytes. Another way to say things is a
new version beside it, which speaks from a journalled event on; a rebuild says everything as it was said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from google.protobuf.message import Message

from events import journal
from events.journal import Draft
from protocol.case_state import CaseState
from protocol.envelope import Event
from protocol.schemas.streaming_v1_pb2 import ProjectionAdopted
from streaming.words import CaseContext, PublicRecord
from streaming.writing.projection import NumberOf, project, status_record
from subscriber import Context, Superseded

__all__ = [
    "PROJECTIONS",
    "Projection",
    "UnknownProjection",
    "adopt",
    "adopt_newest",
    "adopted",
    "projection_at",
]

STREAM: Final = "feed.operation"
_SUBJECT: Final = "streaming.projection"
_NAMES: Final = UUID("5c0f1f8e-9a0f-4c55-8d1b-2f6f3f0f7c11")
_FIRST: Final = 1


@dataclass(frozen=True, slots=True)
class Projection:
    """One version: the records an event makes (see `projection.project`), and a new status's."""

    project: Callable[[Message, CaseContext, CaseState, NumberOf], tuple[list[PublicRecord], CaseContext]]
    status_record: Callable[[str], PublicRecord]


# Add the next version here; never change one that has spoken.
PROJECTIONS: Final[dict[int, Projection]] = {_FIRST: Projection(project, status_record)}


class UnknownProjection(Superseded):
    """The journal has adopted a version that this code does not have: stop, and run the newer code."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"the journal has adopted version {version} of the public projection, this code's newest is "
            f"{max(PROJECTIONS)}: run the code that has it; going back would say one thing in two ways"
        )


def adopted() -> int:
    """Tell which version is the newest that the journal has; the first needs no event.

    Raises:
        UnknownProjection: this code does not have it.
    """
    newest, position = _FIRST, 0
    while events := journal.after(position, streams=(STREAM,), subject=_SUBJECT):
        position = events[-1].envelope.position
        said = [event.message for event in events]
        newest = max([newest, *(one.version for one in said if isinstance(one, ProjectionAdopted))])
    if newest not in PROJECTIONS:
        raise UnknownProjection(newest)
    return newest


def adopt_newest(*, now: datetime) -> int | None:
    """Have the code's newest version speak from here on; gives it, or None when the journal has it.

    Raises:
        UnknownProjection: the journal has a version that this code does not have.
    """
    newest = max(PROJECTIONS)
    if adopted() >= newest:
        return None
    # Two processes that start together say one event.
    id_ = uuid5(_NAMES, f"{journal.head().epoch}/{newest}")
    message = ProjectionAdopted(version=newest)
    journal.record([Draft(message=message, subject=_SUBJECT, client="", source="streaming", id=id_)], now=now)
    return newest


def adopt(event: Event, _value: object, ctx: Context) -> None:
    """Note, as the feed writer, from where on a version speaks.

    Raises:
        UnknownProjection: this code does not have it: the process ends.
    """
    if isinstance(event.message, ProjectionAdopted):
        version = event.message.version
        if version not in PROJECTIONS:
            raise UnknownProjection(version)
        ctx.execute(
            "INSERT INTO streaming_feedprojection (position, version) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (event.envelope.position, version),
        )


def projection_at(position: int, ctx: Context) -> Projection:
    """Find the version that tells the event at a journal position."""
    rows = ctx.execute(
        "SELECT COALESCE(MAX(version), 1) FROM streaming_feedprojection WHERE position < ?", (position,)
    )
    return PROJECTIONS[int(str(rows[0][0]))]
