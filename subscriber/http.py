"""The journal from another process: history and what comes by one long response, and the way back in.

The door's frames are `vouch.journal.v1.Frame` messages, each after its length in four bytes, big-endian.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Sequence
from typing import Final

import httpx

from protocol.schemas.journal_v1_pb2 import AppendRequest, Frame, Mark, Record
from subscriber.errors import CoordinatorAway, EpochChanged, NotNow, SourceAway, SubscriberError
from subscriber.lineage import Lineage
from subscriber.lines import CONNECT_S, Line, client_of, problem_of
from subscriber.source import Batch

__all__ = ["HttpDoor", "HttpJournalSource"]

_PATH: Final = "/internal/v1/journal"
_COORDINATOR: Final = "/internal/v1/coordinator"
_CACHED_S: Final = 1.0


class HttpDoor:
    """A `subscriber.Home`: appends a service's records through the journal door."""

    def __init__(self, base_url: str, key: str) -> None:
        self._client = client_of(base_url, key)
        self._asked_s = -_CACHED_S
        self._away: NotNow | None = None

    def append(self, records: Sequence[Record]) -> None:
        """Have records written; see `Home`."""
        body = AppendRequest(records=records).SerializeToString()
        try:
            response = self._client.post(
                _PATH, content=body, headers={"Content-Type": "application/protobuf"}
            )
        except httpx.HTTPError as error:
            raise SourceAway(f"the journal door does not answer: {type(error).__name__}") from error
        if response.status_code != httpx.codes.OK:
            raise problem_of(response)

    def require_coordinator(self) -> None:
        """Ask the door at most once a second; see `Home`."""
        if time.monotonic() - self._asked_s >= _CACHED_S:
            self._away = self._ask()
            self._asked_s = time.monotonic()
        if self._away is not None:
            raise self._away

    def _ask(self) -> NotNow | None:
        try:
            # Asked inside a transaction: it must not be kept open for as long as a silent line is believed.
            response = self._client.get(_COORDINATOR, timeout=CONNECT_S)
        except httpx.HTTPError as error:
            return SourceAway(f"the journal door does not answer: {type(error).__name__}")
        if response.status_code == httpx.codes.OK:
            return None
        return CoordinatorAway(str(problem_of(response)))

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


class HttpJournalSource:
    """A `subscriber.Source` that reads through the journal door."""

    def __init__(self, base_url: str, key: str, streams: Sequence[str]) -> None:
        self._door = (base_url, key)
        self._streams = ",".join(streams)
        self._line: Line | None = None
        self._at, self._head, self._epoch = 0, 0, ""
        self._lineage = Lineage()

    def read(self, after: int, limit: int) -> Batch:
        """Give events after a position; see `Source`. A line that broke is opened anew by the next read."""
        if self._line is None or self._at != after:
            self._open(after)
        records: list[Record] = []
        while len(records) < limit and (frame := self._next(after_records=bool(records))) is not None:
            if self._is_of_another_history(frame):
                # The next read opens the line anew, and the door says what is common.
                self.close()
                return Batch(self._epoch, (), after, max(self._head, after), self._lineage)
            if frame.WhichOneof("content") == "record":
                records.append(frame.record)
                self._at = frame.record.position
                self._head = max(self._head, self._at)
            else:
                self._at = max(self._at, frame.mark.position)
                self._head, self._epoch = frame.mark.head, frame.mark.epoch
        return Batch(self._epoch, tuple(records), self._at, self._head, self._lineage)

    def news(self) -> bool:
        """Tell whether frames have come; see `Source`."""
        return self._line is not None and not self._line.frames.empty()

    def recall(self, position: int) -> Record | None:
        """Give the event at a position, by a line of its own; see `Source`."""
        try:
            for frame in self._line_of_its_own(position - 1):
                if frame.WhichOneof("content") == "record":
                    return frame.record if frame.record.position == position else None
                if frame.mark.position >= position or frame.mark.head < position:
                    return None
        except EpochChanged:
            return None
        raise SourceAway("the journal door ended its answer")

    def lineage(self) -> Lineage:
        """Tell where the epochs begin, by a line of its own; see `Source`."""
        return _lineage(next(self._line_of_its_own(0)).mark)

    def _line_of_its_own(self, after: int) -> Iterator[Frame]:
        line = Line(self._door, _PATH, {"after": str(after), "streams": self._streams})
        try:
            while True:
                frame = line.frames.get(timeout=CONNECT_S)
                if isinstance(frame, SubscriberError):
                    raise frame
                yield frame
        except queue.Empty:
            raise SourceAway("the journal door does not answer") from None
        finally:
            line.hang_up()

    def _is_of_another_history(self, frame: Frame) -> bool:
        """Tell whether the journal was restored while the line was open."""
        known = {epoch for _, epoch in self._lineage.starts}
        epoch = frame.record.epoch if frame.WhichOneof("content") == "record" else frame.mark.epoch
        return bool(known) and epoch not in known

    def ask_anew(self) -> None:
        """Open a new line with the next read; see `Remembering`.

        What waits on this one may be marked with a head of long ago.
        """
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.hang_up()
        self._line = None

    def _open(self, after: int) -> None:
        """Call the door, and wait for its first mark: it says in which epoch it speaks."""
        self.close()
        at = f"{self._epoch}-{after}" if self._epoch else str(after)
        self._line, self._at = Line(self._door, _PATH, {"after": at, "streams": self._streams}), after
        try:
            first = self._line.frames.get(timeout=CONNECT_S)
        except queue.Empty:
            self.close()
            raise SourceAway("the journal door does not answer") from None
        mark = self._told(first).mark
        self._head, self._epoch = mark.head, mark.epoch
        self._lineage = _lineage(mark)

    def _next(self, *, after_records: bool) -> Frame | None:
        """Take the next frame; None when there is none yet, or an error that must not hide records taken.

        Raises:
            SubscriberError: the line broke.
        """
        if self._line is None or self._line.frames.empty():
            return None
        if after_records and isinstance(self._line.frames.queue[0], SubscriberError):
            return None
        return self._told(self._line.frames.get_nowait())

    def _told(self, frame: Frame | SubscriberError) -> Frame:
        if isinstance(frame, SubscriberError):
            self.close()
            raise frame
        return frame


def _lineage(mark: Mark) -> Lineage:
    return Lineage(tuple((start.first_position, start.epoch) for start in mark.lineage))
