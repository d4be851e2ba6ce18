"""Who writes the feed, in a process of its own: clients, records before, and commits at a pace.

`python -m benchmarks.feed.scribe` reads a line of JSON for each task, a method of `Scribe`, and answers so.
The database is the environment's, as in the product. `moments` is a file of commits: (client's place, number,
nanoseconds since 1970 when COMMIT had returned), 8 bytes each, little-endian.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# These modules name tables: they are imported when Django has them.
from django.core.management import call_command  # noqa: E402 - see above
from django.db import connections  # noqa: E402 - see above

from access.principals import SCOPES, digest  # noqa: E402 - see above
from benchmarks.backbone.house import sequenced  # noqa: E402 - see above
from benchmarks.feed.noting import Moments, PacedSource, bare_writer, paced_writer  # noqa: E402 - see above
from events import journal  # noqa: E402 - see above
from events.journal import Draft  # noqa: E402 - see above
from protocol.schemas import client_v1_pb2 as c  # noqa: E402 - see above
from protocol.schemas import verification_v1_pb2 as v  # noqa: E402 - see above
from streaming.words import feed_of  # noqa: E402 - see above
from subscriber import keep_loaded  # noqa: E402 - see above

__all__ = ["main"]

_A_TRANSACTION: Final = 500
_LONGEST_S: Final = 120.0


class Scribe:
    """The clients of one database, each with a case, and the real feed writer that tells of them."""

    def __init__(self) -> None:
        self._clients: list[tuple[str, str]] = []
        self._waiting = 0
        self._moments = Moments()
        self._source = PacedSource()
        self._writer = paced_writer(self._source, self._moments)

    def prepare(self, *, clients: int) -> object:
        """Make clients, each with one case and its first record; gives their keys."""
        keys = [f"vouch_live_{secrets.token_urlsafe(32)}" for _ in range(clients)]
        self._clients = [(f"cl_{secrets.token_hex(8)}", str(uuid4())) for _ in keys]
        said = zip(self._clients, keys, strict=True)
        self._record([draft for (client, _), key in said for draft in _joins(client, key)])
        self._moments.places = {feed_of(name, live=True): at for at, (name, _) in enumerate(self._clients)}
        self._record(
            [
                Draft(message=v.CaseOpened(reference="order-1", live=True), **self._of(at))
                for at in range(clients)
            ]
        )
        self._write(clients)
        return keys

    def journal(self, *, places: list[int], count: int) -> object:
        """Put so many events into the journal, of one client after another; the writer must wait."""
        self._record([Draft(message=_check(), **self._of(places[n % len(places)])) for n in range(count)])
        self._waiting = count
        return count

    def follow(self, *, per_s: float, moments: str, tell: str) -> object:
        """Have the feed writer take up those events at a pace, each in a commit of its own.

        `tell` is an address at which a peer's server hears of each commit ("host:port"; empty: none).
        """
        count, self._waiting = self._waiting, 0
        self._moments.begin(tell)
        began_s = time.perf_counter()
        for n in range(count):
            time.sleep(max(0.0, began_s + n / per_s - time.perf_counter()))
            self._write(1)
        took_s = time.perf_counter() - began_s
        return {"count": self._moments.save(moments), "per_s": (count - 1) / took_s}

    def rows(self, *, place: int, per_s: float, seconds: float, moments: str) -> object:
        """Write rows as the feed writer leaves them, what is due every 10 ms in one transaction."""
        client, case = self._clients[place]
        return bare_writer(feed_of(client, live=True), case, self._moments).pace(per_s, seconds, moments)

    def fill(self, *, place: int, records: int) -> object:
        """Give one client so many more records, as rows."""
        client, case = self._clients[place]
        return bare_writer(feed_of(client, live=True), case, self._moments).fill(records)

    def _of(self, place: int) -> dict[str, Any]:
        client, case = self._clients[place]
        return {"subject": case, "client": client, "applicant": "applicant-1"}

    def _record(self, drafts: list[Draft]) -> None:
        until = journal.head().position + len(drafts)
        for start in range(0, len(drafts), _A_TRANSACTION):
            journal.record(drafts[start : start + _A_TRANSACTION], now=datetime.now(UTC))
        while journal.head().position < until:
            time.sleep(0.01)

    def _write(self, events: int) -> None:
        """Let so many events through to the writer, and wait until it has committed them."""
        until, ends_s = self._moments.events + events, time.monotonic() + _LONGEST_S
        self._source.allowed += events
        while self._moments.events < until:
            self._writer.step()
            if time.monotonic() > ends_s:
                raise TimeoutError(f"the feed writer has not committed {events} events in {_LONGEST_S:.0f} s")


def _joins(client: str, key: str) -> tuple[Draft, Draft]:
    """Say what `access.clients.add_client` does, which takes a transaction for each."""
    added = c.ClientAdded(name="Acme", time_zone="Europe/London")
    issued = c.KeyIssued(
        key_id=f"ak_{secrets.token_hex(8)}", key_sha256=digest(key), scopes=SCOPES, live=True
    )
    of = partial(Draft, subject=client, client=client, source="access")
    return of(message=added), of(message=issued)


def _check() -> v.CheckCompleted:
    """Make an event that becomes a record of some 450 bytes, 520 as a frame."""
    reasons = [v.Reason(code="portrait_substituted")]
    parts = [v.Breakdown(name="ghost_match", status="suspected", reasons=reasons)]
    return v.CheckCompleted(check="tamper", status="suspected", breakdown=parts, reasons=reasons, model="t 1")


def main() -> None:
    """Do task after task until the input ends."""
    for alias in connections:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    keep_loaded()
    with sequenced():
        scribe = Scribe()
        tasks: Mapping[str, Callable[..., object]] = {
            "prepare": scribe.prepare,
            "journal": scribe.journal,
            "follow": scribe.follow,
            "rows": scribe.rows,
            "fill": scribe.fill,
        }
        print(json.dumps("ready"), flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(tasks[asked.pop("task")](**asked)), flush=True)


if __name__ == "__main__":
    main()
