"""The journal door: how services in processes of their own read the journal and speak into it."""

from __future__ import annotations

from events.door.asgi import app

__all__ = ["app"]
