"""FastStream on confluent-kafka: a subscriber whose handler does nothing, over messages that lie there."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

from benchmarks.peers.django_side import Asked, main

__all__ = ["consume"]


def consume(asked: Asked) -> Mapping[str, object]:
    """Take n messages, in messages a second from the first one on."""
    return {"rate": asyncio.run(_consume(asked))}


async def _consume(asked: Asked) -> float:
    from faststream.confluent import KafkaBroker  # noqa: PLC0415 - the other tasks' peers lack it

    n, seen, began_s, done = int(str(asked["n"])), 0, 0.0, asyncio.Event()
    broker = KafkaBroker(str(asked["kafka"]), logger=None, log_level=logging.CRITICAL)

    @broker.subscriber(
        str(asked["topic"]), group_id=f"faststream-{time.time_ns()}", auto_offset_reset="earliest"
    )
    async def handle(_body: bytes) -> None:
        nonlocal seen, began_s
        began_s = began_s or time.perf_counter()
        seen += 1
        if seen == n:
            done.set()

    async with broker:
        await broker.start()
        await done.wait()
        return n / (time.perf_counter() - began_s)


if __name__ == "__main__":
    main({"consume": consume})
