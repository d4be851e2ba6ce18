"""eventsourcing: aggregates saved with their events, and its notification log read from the first one."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from benchmarks.peers.django_side import Asked, main

__all__ = ["emit", "replay"]


def _application(database: str) -> object:
    parts = urlsplit(database)
    if parts.scheme == "sqlite":
        os.environ.update(PERSISTENCE_MODULE="eventsourcing.sqlite", SQLITE_DBNAME=parts.path)
    else:
        os.environ.update(
            PERSISTENCE_MODULE="eventsourcing.postgres",
            POSTGRES_DBNAME=parts.path.lstrip("/"),
            POSTGRES_HOST=str(parts.hostname),
            POSTGRES_PORT=str(parts.port),
            POSTGRES_USER=str(parts.username),
            POSTGRES_PASSWORD=parts.password or "none",
        )
    from eventsourcing.application import Application  # noqa: PLC0415 - reads the environment above
    from eventsourcing.domain import Aggregate, event  # noqa: PLC0415 - as above

    class Case(Aggregate):
        """A case that is submitted again and again."""

        def __init__(self, client: str) -> None:
            self.client = client
            self.times = 0

        @event("Submitted")
        def submit(self, by: str) -> None:
            """Say it once more."""
            del by
            self.times += 1

    application = Application()
    application.make_case = Case  # what the tasks below save
    return application


def emit(asked: Asked) -> Mapping[str, object]:
    """Save one event n times, in seconds each; the package has no plain update to compare with."""
    application = _application(str(asked["database"]))
    case = application.make_case("cl_1")  # type: ignore[attr-defined]  # a peer's object
    n = int(str(asked["n"]))
    began_s = time.perf_counter()
    for _ in range(n):
        case.submit("client")
        application.save(case)  # type: ignore[attr-defined]  # as above
    return {"second_s": (time.perf_counter() - began_s) / n}


def replay(asked: Asked) -> Mapping[str, object]:
    """Write n events, then read and decode them all, in events a second."""
    application = _application(str(asked["database"]))
    n = int(str(asked["n"]))
    case = application.make_case("cl_1")  # type: ignore[attr-defined]  # a peer's object
    for _ in range(n):
        case.submit("client")
    application.save(case)  # type: ignore[attr-defined]  # as above
    began_s, start, seen = time.perf_counter(), 1, 0
    while page := application.recorder.select_notifications(start, 1000):  # type: ignore[attr-defined]  # as above
        for notification in page:
            application.mapper.to_domain_event(notification)  # type: ignore[attr-defined]  # as above
        seen += len(page)
        start = page[-1].id + 1
    return {"rate": seen / (time.perf_counter() - began_s)}


if __name__ == "__main__":
    main({"emit": emit, "replay": replay})
