"""The public application: the feed by Channels, everything else by Django."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_rest = get_asgi_application()

# The feed's modules name tables: they are imported when Django has them.
from streaming import routing  # noqa: E402 - see above

__all__ = ["application"]

application = routing.application(_rest)
