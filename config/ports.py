"""Finds ports of the loopback address for servers that are about to start."""

from __future__ import annotations

import contextlib
import random
import socket
from typing import Final

__all__ = ["free_port", "free_ports"]

# Below those that outgoing connections take: nothing else comes between finding a port and listening on it,
# and a server finds its own again after a kill.
_PORTS: Final = range(20_000, 32_000)


def free_port() -> int:
    """Find a port of the loopback address that nobody listens on."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Find different ports that nobody listens on; all are held until the last is found."""
    with contextlib.ExitStack() as held:
        found: list[int] = []
        while len(found) < count:
            port = random.choice(_PORTS)  # noqa: S311 - any will do
            probe = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.append(port)
        return found
