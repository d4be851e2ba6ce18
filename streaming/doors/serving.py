"""One stream from its first frame to its last: in the delivery log, and let go of whatever comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streaming.deliveries.log import deliveries
from streaming.following.credit import Credit
from streaming.following.granted import Following
from streaming.following.pace import Pace
from streaming.following.pump import Pump
from streaming.reading.tailer import Tailer

__all__ = ["serving"]

_GONE = "gone"


@asynccontextmanager
async def serving(
    following: Following, tailer: Tailer, pace: Pace, *, form: str, credit: Credit | None = None
) -> AsyncIterator[Pump]:
    """Give the pump of a stream, and keep it in the delivery log, under the name of its form.

    A block that ends before the pump has said why says that the reader was gone.
    """
    part = following.part
    delivery = deliveries().open(
        following.principal,
        form=form,
        part=part.case or f"{part.index}/{part.of}",
        first=following.first,
        subscription=following.hold.name if following.hold else "",
    )
    pump = Pump(following, tailer, pace, credit, delivery)
    reason = _GONE
    try:
        yield pump
        reason = pump.ended
    finally:
        delivery.close(reason)
        await pump.leave()
