"""What a follower counts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

__all__ = ["Metrics"]


@dataclass(slots=True)
class Metrics:
    """Counts since the follower was made, and where it stands.

    `repeated` and `holes`: records dropped as passed already, and met with others missing before them.
    `connections` that were welcomed; `reconnects`: those after the first. `bytes` of bodies.
    `position` and `head` are numbers of the feed. `last_heard`: seconds since 1970 UTC; None: never.
    """

    records: int = 0
    repeated: int = 0
    holes: int = 0
    gaps: int = 0
    connections: int = 0
    reconnects: int = 0
    heartbeats: int = 0
    bytes: int = 0
    position: int = 0
    head: int = 0
    connected: bool = False
    last_heard: float | None = None

    @property
    def lag(self) -> int:
        """How many numbers of the feed lie between the head and the position."""
        return max(0, self.head - self.position)

    def line(self) -> str:
        """Give all of it as one line of JSON."""
        return json.dumps(asdict(self) | {"lag": self.lag})
