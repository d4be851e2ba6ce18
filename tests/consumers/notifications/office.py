"""The service as it runs: on its own file, beside a door, with the operator's data, its clock set by hand."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from consumers.notifications.service import spec
from consumers.notifications.settings import Settings, SmtpServer
from protocol.envelope import Event, from_record
from protocol.ids import to_us
from protocol.schemas import notifications_v1_pb2 as said
from subscriber import WorkPool
from tests.consumers.door import door, write_run_file
from tests.consumers.journal import MemoryJournal, Service
from tests.consumers.notifications.histories import CLIENT, KEY, START

__all__ = ["Office", "office", "smtp", "told"]

TELLS = f'[{CLIENT}]\napplicants = true\nname = "Example Bank"\n'


def smtp(port: int, **changes: object) -> SmtpServer:
    """Say where a test's mail server is."""
    server = SmtpServer(host="127.0.0.1", port=port, security="none", timeout_s=5)
    return replace(server, **changes)  # type: ignore[arg-type]  # as each test wants it


def told(journal: MemoryJournal, case: str = "case-1") -> list[str]:
    """Give what the service says of a case, in words: "Sent received/email", "Failed … smtp_450"."""
    found = []
    for record in journal.records:
        event = from_record(record)
        if event.envelope.stream == "notifications.delivery" and event.envelope.subject == case:
            found.append(_words(event))
    return found


def _words(event: Event) -> str:
    message = event.message
    kind = type(message).__name__.removeprefix("Message")
    notice = getattr(message, "notice", said.Notice())
    extra = getattr(message, "reason", "") or getattr(message, "by", "") or getattr(message, "answer", "")
    return f"{kind} {notice.template}/{notice.channel} {extra}".strip()


class Office:
    """A service, its journal, and the keys that the door gives."""

    def __init__(self, folder: Path, journal: MemoryJournal, settings: Settings) -> None:
        self.folder, self.journal, self.settings = folder, journal, settings
        self.spec = spec(lambda _: settings)
        self.service = Service(self.spec, folder, journal, clock_us=to_us(START))

    @property
    def outbox(self) -> Path:
        """Where e-mails lie when nothing leaves."""
        return self.settings.folder / "outbox"

    def hear(self, *events: Event) -> None:
        """Have events written, and the service come to rest."""
        self.journal.append(MemoryJournal(events).records)
        self.service.settle()

    def later(self, by: timedelta) -> None:
        """Let time pass, and the service come to rest."""
        self.service.clock_us += to_us(START + by) - to_us(START)
        self.service.settle()

    def again(self, pool: WorkPool | None = None) -> None:
        """Start the service anew, as after a crash."""
        clock_us = self.service.clock_us
        self.service.store.close()
        self.service = Service(self.spec, self.folder, self.journal, clock_us=clock_us, pool=pool)


@contextmanager
def office(
    folder: Path,
    events: Iterable[Event] = (),
    *,
    keys: dict[str, bytes | int] | None = None,
    clients: str = TELLS,
    since: datetime = START - timedelta(days=1),
    **settings: object,
) -> Iterator[Office]:
    """Open a service beside a door that gives keys."""
    own = folder / "notifications"
    own.mkdir(exist_ok=True)
    (own / "clients.toml").write_text(clients)
    chosen = Settings(folder=own, clients=own / "clients.toml", since=since, sender="no-reply@vouch.example")
    journal = MemoryJournal(events)
    with door(journal, {"applicant-1": KEY} if keys is None else keys) as url:
        write_run_file(folder, url, "notifications")
        ours = Office(folder, journal, replace(chosen, **settings))  # type: ignore[arg-type]  # as above
        try:
            yield ours
        finally:
            ours.service.store.close()


def wait_until(holds: object, within_s: float = 20) -> bool:
    """Wait for something to hold."""
    assert callable(holds)
    until_s = time.monotonic() + within_s
    while not holds() and time.monotonic() < until_s:
        time.sleep(0.02)
    return bool(holds())
