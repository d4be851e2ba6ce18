"""A client's reader: it follows the feed and keeps every record with the moment it came."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

import httpx

__all__ = ["Arrived", "Follower"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """One record of the feed, and when it was read, in seconds of this process's monotonic clock."""

    record: dict[str, object]
    at_s: float

    @property
    def kind(self) -> str:
        """The record's kind."""
        return str(self.record["kind"])

    @property
    def data(self) -> dict[str, object]:
        """The record's data."""
        data = self.record["data"]
        return data if isinstance(data, dict) else {}


@dataclass(slots=True)
class Follower:
    """Follows one client's feed in a thread of its own, reconnecting with the last cursor when it is cut.

    `heard` is called for each record, in order, from that thread.
    """

    url: str
    key: str
    heard: Callable[[Arrived], None]
    cursor: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Follower:
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._stop.set()

    def wait_for(self, case: str, wanted: Callable[[Arrived], bool], within_s: float) -> Arrived | None:
        """Wait until a record of a case is what is wanted; None when it does not come in time."""
        until_s = time.monotonic() + within_s
        with self._changed:
            while True:
                found = next((a for a in reversed(self.of(case)) if wanted(a)), None)
                left_s = until_s - time.monotonic()
                if found is not None or left_s <= 0:
                    return found
                self._changed.wait(timeout=left_s)

    def of(self, case: str) -> list[Arrived]:
        """Give the records of one case that have come so far."""
        return [a for a in self.arrived if a.record["case"] == case]

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
            except httpx.HTTPError:
                self._stop.wait(0.5)

    def _read(self) -> None:
        place = {"after": self.cursor} if self.cursor else {"from": "earliest"}
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/x-ndjson"}
        timeout = httpx.Timeout(10, read=40)
        with httpx.stream(
            "GET", f"{self.url}/v1/feed", params=place, headers=headers, timeout=timeout
        ) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                frame = json.loads(line)
                if frame["frame"] == "record":
                    self._take(Arrived(frame, time.monotonic()))
                if self._stop.is_set():
                    return

    def _take(self, arrived: Arrived) -> None:
        self.heard(arrived)
        with self._changed:
            self.arrived.append(arrived)
            self.cursor = str(arrived.record["cursor"])
            self._changed.notify_all()
