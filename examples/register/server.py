"""The register's one question over HTTP, on this machine only."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

from examples.register.book import Book, Fault, read_book

__all__ = ["RegisterServer"]

_PATH = "/v1/licences/check"
_MOST_BYTES = 16_384
_ASKED = ("driver_number", "family_name", "date_of_birth")


class RegisterServer(ThreadingHTTPServer):
    """The register; `file` is read anew at each question. Port 0: any free one."""

    daemon_threads = True

    def __init__(self, file: Path, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.file = file
        self.numbers = count()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: RegisterServer

    def do_POST(self) -> None:
        question = self._question()
        if question is None:
            return
        number = next(self.server.numbers)
        try:
            book = read_book(self.server.file)
        except ValueError:
            self._say(500, b'{"error": "the register file cannot be read"}')
            return
        if book.fault is not None and book.fault.strikes(number):
            self._fail(book.fault, book, question, number)
        else:
            self._answer(book, question)

    def _question(self) -> dict[str, str] | None:
        """Read the question, or say what is wrong with it."""
        length = self.headers.get("Content-Length", "")
        if self.path != _PATH:
            self._say(404, b'{"error": "not found"}')
            return None
        if not length.isdigit() or int(length) > _MOST_BYTES:
            self._say(413, b'{"error": "a question has a length of at most 16 KiB"}')
            return None
        try:
            asked = json.loads(self.rfile.read(int(length)))
            return {name: str(asked[name]) for name in _ASKED}
        except (ValueError, KeyError, TypeError):
            self._say(400, b'{"error": "driver_number, family_name and date_of_birth are needed"}')
            return None

    def _answer(self, book: Book, question: dict[str, str]) -> None:
        self._say(200, json.dumps(asdict(book.look_up(**question))).encode())

    def _fail(self, fault: Fault, book: Book, question: dict[str, str], number: int) -> None:
        if fault.kind == "not_there":
            self._say(503, b'{"error": "not there"}')
        elif fault.kind == "slow":
            time.sleep(fault.seconds)
            self._answer(book, question)
        else:
            self._garble(number)

    def _garble(self, number: int) -> None:
        """Answer with rubbish, with an error, and with half an answer, in turn."""
        if number % 3 == 0:
            self._say(200, b"<html>welcome to the register</html>")
        elif number % 3 == 1:
            self._say(500, b"")
        else:
            self._say(200, b'{"known": true, "mat', announced=200)

    def _say(self, status: int, body: bytes, announced: int | None = None) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body) if announced is None else announced))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            # Who asked has given up waiting: the fault "slow" has done its work.
            self.close_connection = True

    def log_message(self, format: str, *args: str) -> None:  # noqa: A002 (the base class names it so)
        """Say nothing: a register's log would be a list of people."""
