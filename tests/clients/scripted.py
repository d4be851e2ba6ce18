"""A server that plays a script: for what the real one says only when something is wrong with it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

__all__ = ["EPOCH", "Answer", "Asked", "Stage", "playing", "problem", "record", "stream", "welcome"]

EPOCH = "0badcafe"
Frame = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one connection gets: bytes, and whether it stays open after them until the client goes."""

    content: bytes
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came, and when (seconds of a monotonic clock)."""

    target: str
    headers: Mapping[str, str]
    at_s: float


def welcome(head: int = 9, *, first: int = 1, heartbeat_s: float = 0.4, epoch: str = EPOCH) -> Frame:
    """Give a first frame."""
    return {
        "frame": "welcome", "epoch": epoch, "oldest": 1, "head": head, "from": first,
        "heartbeat_s": heartbeat_s, "auth_expires_at": None, "max_age_s": 3600, "unheard_of": [1],
    }  # fmt: skip


def record(number: int, prev: int | None = None) -> Frame:
    """Give a record; without `prev` the one that follows the number before."""
    return {
        "frame": "record", "number": number, "prev": number - 1 if prev is None else prev,
        "cursor": f"{EPOCH}-{number}", "kind": "case", "case": "c", "data": {},
    }  # fmt: skip


def stream(*frames: Frame, ends: str = "stays") -> Answer:
    """Give a long response: `ends` is stays (open), cut (without its end), or clean."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    lines = [json.dumps(frame, separators=(",", ":")).encode() + b"\n" for frame in frames]
    body = b"".join(b"%x\r\n%b\r\n" % (len(line), line) for line in lines)
    return Answer(head + body + (b"0\r\n\r\n" if ends == "clean" else b""), stays=ends == "stays")


def problem(status: int, code: str, headers: Mapping[str, str] | None = None, **more: object) -> Answer:
    """Give a refusal as the product words it."""
    body = json.dumps({"code": code, "status": status, "detail": f"because of {code}", **more}).encode()
    fields = {"Content-Type": "application/problem+json", "Content-Length": str(len(body)), **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return Answer(f"HTTP/1.1 {status} Said\r\n{lines}Connection: close\r\n\r\n".encode() + body)


class Stage:
    """Plays one answer a connection; the last one again and again. `asked` holds the requests."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = list(answers)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._socket.settimeout(0.1)
        self._closing = threading.Event()
        self.asked: list[Asked] = []

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def waits_s(self) -> list[float]:
        """How long it was from each request to the next, seconds."""
        return [b.at_s - a.at_s for a, b in zip(self.asked, self.asked[1:], strict=False)]

    def run(self) -> None:
        """Take connections until closed."""
        while not self._closing.is_set():
            with suppress(OSError):
                caller, _ = self._socket.accept()
                threading.Thread(target=self._play, args=(caller,), daemon=True).start()

    def close(self) -> None:
        """Take no more."""
        self._closing.set()
        self._socket.close()

    def _play(self, caller: socket.socket) -> None:
        with caller, suppress(OSError):
            caller.settimeout(0.1)
            text = self._head(caller)
            if not text:
                return
            first, *lines = text.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            self.asked.append(Asked(first.split(" ")[1], headers, time.monotonic()))
            answer = self._answers[min(len(self.asked), len(self._answers)) - 1]
            caller.sendall(answer.content)
            while answer.stays and not self._closing.is_set():
                with suppress(TimeoutError):
                    if not caller.recv(4096):
                        return

    def _head(self, caller: socket.socket) -> str:
        data = b""
        while b"\r\n\r\n" not in data and not self._closing.is_set():
            with suppress(TimeoutError):
                more = caller.recv(4096)
                if not more:
                    return ""
                data += more
        return data.partition(b"\r\n\r\n")[0].decode("latin-1")


@contextmanager
def playing(*answers: Answer) -> Iterator[Stage]:
    """Run a scripted server."""
    stage = Stage(answers)
    thread = threading.Thread(target=stage.run, daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        stage.close()
        thread.join(5)
