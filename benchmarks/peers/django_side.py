"""A small Django for the packages that need one: a database, a table to change, a package's own tables."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from benchmarks.pairs import paired

__all__ = ["BODY", "Asked", "Task", "compared", "main", "rate", "start"]

# What every package is given to send.
BODY = {"case": "01a214ea-1d80-7925-8c8c-b7e5640480f7", "by": "client", "note": "x" * 120}
Asked = Mapping[str, object]
Task = Callable[[Asked], Mapping[str, object]]


def start(app: str, database: str, **more: object) -> None:
    """Set Django up with one package and make its tables; the SQLite settings are the product's own."""
    settings.configure(
        INSTALLED_APPS=[app],
        DATABASES={"default": _database(database)},
        USE_TZ=True,
        SECRET_KEY="benchmark",
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        **more,
    )
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS peers_row (id integer PRIMARY KEY, version integer)")
        cursor.execute("DELETE FROM peers_row")
        cursor.execute("INSERT INTO peers_row VALUES (1, 0)")


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path, "OPTIONS": options}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": parts.hostname,
        "PORT": parts.port,
        "USER": parts.username,
        "PASSWORD": parts.password or "",
        "NAME": parts.path.lstrip("/"),
    }


def compared(write: Callable[[], object], asked: Asked) -> Mapping[str, object]:
    """Compare a change with an event, in one transaction, to a change alone."""
    from django.db import transaction  # noqa: PLC0415 - Django is set up by `start`

    def both() -> None:
        with transaction.atomic():
            _change()
            write()

    return paired(_plain_update, both, rounds=int(str(asked["n"]))).as_dict()


def rate(write: Callable[[], object], relay: Callable[[], object], asked: Asked) -> Mapping[str, object]:
    """Write n rows, then time a package's own relay, in events a second."""
    from django.db import transaction  # noqa: PLC0415 - as above

    n = int(str(asked["n"]))
    with transaction.atomic():
        for _ in range(n):
            write()
    began_s = time.perf_counter()
    relay()
    return {"rate": n / (time.perf_counter() - began_s)}


def _plain_update() -> None:
    """Change a row in a transaction of its own: what every ratio is a ratio to."""
    from django.db import transaction  # noqa: PLC0415 - as above

    with transaction.atomic():
        _change()


def _change() -> None:
    """Change a row through the ORM, in the caller's transaction."""
    from django.db.models import F, IntegerField, Model  # noqa: PLC0415 - models need Django set up

    if "row" not in _rows:

        class Row(Model):
            """The row that is changed."""

            version = IntegerField()

            class Meta:
                """A table that `start` makes."""

                app_label = "peers"
                db_table = "peers_row"
                managed = False

        _rows["row"] = Row
    _rows["row"].objects.filter(pk=1).update(version=F("version") + 1)


_rows: dict[str, type] = {}


def main(tasks: Mapping[str, Task]) -> None:
    """Run the task that the command line names, and print what it gives."""
    name, asked = sys.argv[1], json.loads(sys.argv[2])
    print(json.dumps(dict(tasks[name](asked))))
