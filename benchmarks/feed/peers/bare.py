"""A server of the package `websockets` that broadcasts, and nothing else: the least that any could do.

`python -m benchmarks.feed.peers.bare PORT TOLD_PORT`. No keys, no resuming, no credit, no heartbeat.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict

from websockets.asyncio.server import ServerConnection, broadcast, serve

from benchmarks.feed.peers.lines import hear

__all__ = ["main"]


async def _serve(port: int, told_port: int) -> None:
    readers: defaultdict[int, set[ServerConnection]] = defaultdict(set)

    async def keep(connection: ServerConnection) -> None:
        path = "" if connection.request is None else connection.request.path
        of = readers[int(path.rpartition("/")[2])]
        of.add(connection)
        try:
            await connection.wait_closed()
        finally:
            of.discard(connection)

    async def tell(place: int, frame: str) -> None:
        broadcast(readers[place], frame)

    async with await hear(told_port, tell), serve(keep, "127.0.0.1", port, compression=None) as server:
        await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    main()
