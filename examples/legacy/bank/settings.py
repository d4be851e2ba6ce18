"""The application's Django settings: what it always had, and below it the few lines of step 1."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from examples.legacy.language.streams import STREAMS
from protocol.catalogue import use
from subscriber.kafka import kafka_settings

_data = Path(os.environ.get("BANK_DATA", "var/bank")).absolute()
_data.mkdir(parents=True, exist_ok=True, mode=0o700)

SECRET_KEY = os.environ.get("BANK_SECRET", "an example signs nothing")
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "examples.legacy.bank.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["examples.legacy.bank"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"django.request": {"level": "CRITICAL"}},
}

# The print house, and the function that has it send a letter; step 5 takes both away.
POST_URL = os.environ.get("BANK_POST_URL", "http://127.0.0.1:8300")
WELCOME_LETTERS = "examples.legacy.bank.letters.send"


def _database(url: str) -> dict[str, object]:
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _data / "bank.sqlite3",
            # Step 1: on SQLite the journal gives positions under the write lock, taken at a beginning.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA recursive_triggers=ON;",
            },
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": parts.username,
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname,
        "PORT": str(parts.port or ""),
    }


DATABASES = {"default": _database(os.environ.get("BANK_DATABASE_URL", ""))}

# Step 1: the journal lies in our own database, and speaks our own language.
use(STREAMS)
INSTALLED_APPS += ["events"]
KAFKA = kafka_settings(os.environ)

# Where the journal's door is, for the services, with their keys to it.
RUN_FILE = _data / "run.json"
# Step 4: so long the reading of an account just opened waits for its letter, as `save` once did.
LETTER_WAIT_S = 2.0
