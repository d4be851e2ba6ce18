"""The application for a web server: `uvicorn examples.legacy.bank.asgi:application`."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

__all__ = ["application"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.legacy.bank.settings")
application = get_asgi_application()
