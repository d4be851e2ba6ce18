"""A journal door in small, over real HTTP: what a service meets when it stands in a repository of its own.

It also gives applicants' keys: those that a test hands it, or the status that it is to answer with.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit

from protocol.records import as_record
from protocol.schemas.journal_v1_pb2 import AppendRequest, AppendResponse, Frame, Mark
from tests.consumers.journal import EPOCH, MemoryJournal

__all__ = ["door", "write_run_file"]

KEY = "service-key"


class _Door(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, journal: MemoryJournal, keys: Mapping[str, bytes | int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.journal, self.keys = journal, keys
        self.closing = Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Door

    def do_GET(self) -> None:
        """Send what there is after a position, then what comes, until the door closes."""
        asked = parse_qs(urlsplit(self.path).query)["after"][0]
        at = int(asked.rpartition("-")[2])
        self.send_response(200 if self._knows_us() else 403)
        self.end_headers()
        self._mark(at)
        with suppress(ConnectionError):
            # A reader may be killed.
            while not self.server.closing.is_set():
                at = self._send_after(at)
                time.sleep(0.01)

    def do_POST(self) -> None:
        """Take records."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/keys"):
            self._give_key(json.loads(body))
            return
        self.server.journal.append(AppendRequest.FromString(body).records)
        self.send_response(200 if self._knows_us() else 403)
        self.end_headers()
        self.wfile.write(AppendResponse().SerializeToString())

    def _give_key(self, asked: dict[str, str]) -> None:
        found = self.server.keys.get(asked["applicant"], 404) if asked["class"] == "contact" else 403
        self.send_response(found if isinstance(found, int) else 200)
        self.end_headers()
        if not isinstance(found, int):
            self.wfile.write(json.dumps({"key": base64.b64encode(found).decode()}).encode())

    def _knows_us(self) -> bool:
        return self.headers["Authorization"] == f"Bearer {KEY}"

    def _send_after(self, at: int) -> int:
        batch = self.server.journal.read(at, 1_000)
        for record in batch.records:
            self._frame(Frame(record=as_record(record)))
        if batch.through > at:
            self._mark(batch.through)
        return batch.through

    def _mark(self, at: int) -> None:
        head = len(self.server.journal.records)
        self._frame(Frame(mark=Mark(position=at, head=head, epoch=EPOCH)))

    def _frame(self, frame: Frame) -> None:
        data = frame.SerializeToString()
        self.wfile.write(len(data).to_bytes(4, "big") + data)
        self.wfile.flush()

    def log_message(self, format: str, *args: str) -> None:  # noqa: A002 (the base class names it so)
        """Say nothing."""


@contextmanager
def door(journal: MemoryJournal, keys: Mapping[str, bytes | int] | None = None) -> Iterator[str]:
    """Open a door to a journal and to applicants' contact keys, and give its address."""
    with _Door(journal, keys or {}) as server:
        listening = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        listening.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.closing.set()
            server.shutdown()
            listening.join()


def write_run_file(folder: Path, url: str, *services: str, key: str = KEY) -> None:
    """Say, as the product does, where its door is and which key each service has to it."""
    new = folder / "run.new"
    new.write_text(json.dumps({"door": url, "keys": dict.fromkeys(services, key)}))
    new.replace(folder / "run.json")
