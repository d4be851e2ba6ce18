"""Django's settings for the processes that no browser meets: they load no admin and no API."""

from __future__ import annotations

from config.settings import *  # noqa: F403 - all of them, but for what follows

INSTALLED_APPS = ["config", "events", "access", "verification", "streaming"]
ROOT_URLCONF = ""
TEMPLATES = []
MIDDLEWARE = []
