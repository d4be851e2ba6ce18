"""Where rows lie: SQLite files in the data folder, or four databases of one PostgreSQL server."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from config.environment import Environment
from subscriber.peers import OF_THE_CLIENT, OF_THE_SERVER

__all__ = ["ALIASES", "databases"]

# The main one, and those beside it: keys apart from the journal, the feed and statistics apart from both.
ALIASES: Final = ("default", "keys", "feed", "statistics")

# Recursive: else INSERT OR REPLACE takes a row of the journal away without asking its trigger.
_WAL: Final = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
    "PRAGMA recursive_triggers=ON;"
)
# Keys that are destroyed must be gone from the file: no write-ahead log, freed pages overwritten.
_GONE: Final = "PRAGMA journal_mode=DELETE; PRAGMA secure_delete=ON;"

# So many connections a process and database, then requests wait; who has waited this long is told to come
# again. Only the web process ever has more than two: a server takes 100 by default.
_MOST_CONNECTIONS: Final = 12
_WAIT_S: Final = 5
_PLANNED_AFTER: Final = 3
# A business transaction takes milliseconds: one that waits this long for a lock is in a queue that grows.
_LOCK_WAIT_MS: Final = 4_000


def databases(settings: Environment) -> dict[str, dict[str, object]]:
    """Give Django's `DATABASES` for an installation."""
    if settings.database_url:
        return {alias: _postgres(settings.database_url, alias) for alias in ALIASES}
    return {alias: _sqlite(settings.data, alias) for alias in ALIASES}


def _sqlite(data: Path, alias: str) -> dict[str, object]:
    path = data / f"{'main' if alias == 'default' else alias}.sqlite3"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # IMMEDIATE: a deferred transaction that turns into a write fails at once when another one writes.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": _GONE if alias == "keys" else _WAL,
        },
        "TEST": {"NAME": Path(f"{path}.test")},
    }


def _postgres(url: str, alias: str) -> dict[str, object]:
    parts = urlsplit(url)
    name = unquote(parts.path.strip("/"))
    name = name if alias == "default" else f"{name}_{alias}"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": str(parts.port or ""),
        # One round trip when a connection leaves the pool: one that broke meanwhile is nobody's error.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # How the server is to be recognised: sslmode, sslrootcert, as libpq names them.
            **{key: value for key, value in parse_qsl(parts.query) if key.startswith("ssl")},
            "application_name": "vouch",
            "connect_timeout": _WAIT_S,
            # The server plans a statement once a connection and not each time; the journal's few are the same
            # over and over. A pooler between us and the server would have to know of it (PgBouncer: 1.21).
            "prepare_threshold": _PLANNED_AFTER,
            **OF_THE_CLIENT,
            "options": f"-c lock_timeout={_LOCK_WAIT_MS} {OF_THE_SERVER}",
            "pool": {"min_size": 0, "max_size": _MOST_CONNECTIONS, "timeout": _WAIT_S},
        },
        "TEST": {"NAME": f"{name}_test"},
    }
