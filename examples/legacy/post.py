"""A print house, in small: it takes letters over HTTP, and sends none twice that come under one key.

`python -m examples.legacy.post --port 8300 --file letters.jsonl`: a line for each time that it was asked.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["Post", "main"]


class Post(ThreadingHTTPServer):
    """The print house; `file` gets a line for each letter asked for. Port 0: any free one.

    `takes_s` is how long an answer takes, in seconds; the letter is taken in the middle of it.
    """

    daemon_threads = True
    # Whoever comes while a hundred others do waits, and is not refused.
    request_queue_size = 256

    def __init__(self, file: Path, port: int, *, takes_s: float = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.takes_s = takes_s
        self._file, self._lock = file, threading.Lock()
        known = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self._keys = {json.loads(line)["key"] for line in known}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, key: str, asker: str, letter: dict[str, str]) -> None:
        """Send a letter, unless one came under this key before; either way it is noted."""
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            noted = {"key": key, "asker": asker, "sent": key not in self._keys, **letter}
            file.write(json.dumps(noted) + "\n")
            self._keys.add(key)


class _Handler(BaseHTTPRequestHandler):
    server: Post

    def do_POST(self) -> None:
        """Take a letter."""
        try:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            letter = {name: str(said[name]) for name in ("customer", "template", "text")}
            time.sleep(self.server.takes_s / 2)
            self.server.take(self.headers["Idempotency-Key"], self.headers["User-Agent"], letter)
            time.sleep(self.server.takes_s / 2)
            self._answer(202)
        except (ValueError, KeyError, TypeError):
            self._answer(400)

    def _answer(self, status: int) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
        except (BrokenPipeError, ConnectionResetError):
            # Whoever asked is gone; what was taken is taken.
            self.close_connection = True

    def log_message(self, format: str, *args: str) -> None:  # noqa: A002 (the base class names it so)
        """Say nothing: a print house's log would be a list of people."""


def main() -> None:
    """Listen until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m examples.legacy.post", description=__doc__)
    parser.add_argument("--port", type=int, default=8300, help="on 127.0.0.1")
    parser.add_argument("--file", type=Path, default=Path("letters.jsonl"))
    asked = parser.parse_args()
    with Post(asked.file, asked.port) as post:
        print(f"print house on {post.url}, notes in {asked.file}", flush=True)
        with suppress(KeyboardInterrupt):
            post.serve_forever()


if __name__ == "__main__":
    main()
