"""How a peer hears of commits: a line each, the client's place and the frame."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

__all__ = ["hear"]

_LONGEST = 1 << 20


async def hear(port: int, tell: Callable[[int, str], Awaitable[None]]) -> asyncio.Server:
    """Listen at a port, and hand on each place and frame as they come."""

    async def told(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            place, _, frame = line.rstrip(b"\n").partition(b" ")
            await tell(int(place), frame.decode())
        writer.close()

    return await asyncio.start_server(told, "127.0.0.1", port, limit=_LONGEST)
