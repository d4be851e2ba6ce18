"""The journal door in a process of its own, so that it can be killed by itself."""

from __future__ import annotations

import uvicorn

from events.door import app

__all__ = ["main"]


def main(port: str) -> None:
    """Serve on a loopback port until killed."""
    uvicorn.run(app, host="127.0.0.1", port=int(port), lifespan="off", log_level="warning")
