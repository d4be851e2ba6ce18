"""The journal from another process: history and what comes by one long response, and the way back in.

The door's frames are `vouch.journal.v1.Frame` messages, each after its length in four bytes, big-endian.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

import httpx

from protocol.schemas.journal_v1_pb2 import AppendRequest, Frame, Mark, Record
from subscriber.errors import (
    CoordinatorAway,
    EpochChanged,
    NotNow,
    Refused,
    SourceAway,
    SubscriberError,
    Undeclared,
)
from subscriber.lineage import Lineage
from subscriber.source import Batch

__all__ = ["HttpDoor", "HttpJournalSource"]

_PATH: Final = "/internal/v1/journal"
_COORDINATOR: Final = "/internal/v1/coordinator"
_CACHED_S: Final = 1.0
# The door marks its position at least every 5 s; three missed marks are a dead line.
_SILENCE_S: Final = 15.0
_CONNECT_S: Final = 2.0
_FRAMES_AHEAD: Final = 2_000


class HttpDoor:
    """A `subscriber.Home`: appends a service's records through the journal door."""

    def __init__(self, base_url: str, key: str) -> None:
        self._client = _client(base_url, key)
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
            raise _problem(response)

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
            response = self._client.get(_COORDINATOR, timeout=_CONNECT_S)
        except httpx.HTTPError as error:
            return SourceAway(f"the journal door does not answer: {type(error).__name__}")
        if response.status_code == httpx.codes.OK:
            return None
        return CoordinatorAway(str(_problem(response)))

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


class HttpJournalSource:
    """A `subscriber.Source` that reads through the journal door."""

    def __init__(self, base_url: str, key: str, streams: Sequence[str]) -> None:
        self._door = (base_url, key)
        self._streams = ",".join(streams)
        self._line: _Line | None = None
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
        line = _Line(self._door, {"after": str(after), "streams": self._streams})
        try:
            while True:
                frame = line.frames.get(timeout=_CONNECT_S)
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
        self._line, self._at = _Line(self._door, {"after": at, "streams": self._streams}), after
        try:
            first = self._line.frames.get(timeout=_CONNECT_S)
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


class _Line:
    """One long response, read by a thread of its own into a bounded queue; an error is its last item."""

    def __init__(self, door: tuple[str, str], params: dict[str, str]) -> None:
        self.frames: queue.Queue[Frame | SubscriberError] = queue.Queue(_FRAMES_AHEAD)
        self._door = door
        self._params = params
        self._hung_up = threading.Event()
        threading.Thread(target=self._listen, name="journal-line", daemon=True).start()

    def hang_up(self) -> None:
        """Stop reading; the thread ends with its next frame, at the latest when the door next marks."""
        self._hung_up.set()

    def _listen(self) -> None:
        try:
            with (
                _client(*self._door) as client,
                client.stream("GET", _PATH, params=self._params) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    response.read()
                    self._put(_problem(response))
                    return
                for frame in _frames(response.iter_raw()):
                    if not self._put(frame):
                        return
            self._put(SourceAway("the journal door ended its answer"))
        except httpx.HTTPError as error:
            self._put(SourceAway(f"the line to the journal door broke: {type(error).__name__}"))
        except Exception as error:  # noqa: BLE001 - or the reader would wait for ever for a thread that is gone
            self._put(SourceAway(f"the journal door's answer is not understood: {type(error).__name__}"))

    def _put(self, item: Frame | SubscriberError) -> bool:
        """Queue an item, waiting while the queue is full; false when nobody listens any more."""
        while not self._hung_up.is_set():
            try:
                self.frames.put(item, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False


def _client(base_url: str, key: str) -> httpx.Client:
    return httpx.Client(
        base_url=base_url,
        headers={"Authorization": f"Bearer {key}"},
        timeout=httpx.Timeout(_SILENCE_S, connect=_CONNECT_S),
        # The door is on the loopback address: no proxy of the environment stands between.
        trust_env=False,
    )


def _frames(chunks: Iterator[bytes]) -> Iterator[Frame]:
    """Cut a byte stream into frames."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= 4 and len(buffer) >= (end := 4 + int.from_bytes(buffer[:4], "big")):
            yield Frame.FromString(bytes(buffer[4:end]))
            del buffer[:end]


def _problem(response: httpx.Response) -> SubscriberError:
    """Read the door's problem details (RFC 9457) as the error that says what to do."""
    try:
        said = response.json()
    except ValueError:
        said = {}
    detail = (
        f"the journal door answers {response.status_code} {said.get('code', '')}: {said.get('detail', '')}"
    )
    if said.get("code") in {"epoch_changed", "in_the_future"}:
        here = said["available"]
        asked, now = here["asked"], here["epoch"]
        if asked["epoch"] in {"", now}:
            return Undeclared(had=now, has=now, position=asked["position"])
        return EpochChanged(
            had=asked["epoch"], has=now, position=asked["position"], common=here.get("common", 0)
        )
    # 401 too: a key is issued anew at each start of the product, and the record is no worse for it.
    if response.status_code in {401, 408, 429} or response.status_code >= 500:
        return SourceAway(detail)
    return Refused(detail)
