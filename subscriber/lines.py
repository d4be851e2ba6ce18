"""A long answer of the door, read in a thread of its own; and the door's problems as our errors."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Final

import httpx

from protocol.schemas.journal_v1_pb2 import Frame
from subscriber.errors import EpochChanged, Refused, SourceAway, SubscriberError, Undeclared

__all__ = ["CONNECT_S", "Line", "client_of", "frames_of", "problem_of"]

# The door marks its position at least every 5 s; three missed marks are a dead line.
_SILENCE_S: Final = 15.0
CONNECT_S: Final = 2.0
_FRAMES_AHEAD: Final = 2_000


class Line:
    """One long response, read by a thread of its own into a bounded queue; an error is its last item."""

    def __init__(self, door: tuple[str, str], path: str, params: dict[str, str]) -> None:
        self.frames: queue.Queue[Frame | SubscriberError] = queue.Queue(_FRAMES_AHEAD)
        self._door = door
        self._path = path
        self._params = params
        self._hung_up = threading.Event()
        threading.Thread(target=self._listen, name="journal-line", daemon=True).start()

    def hang_up(self) -> None:
        """Stop reading; the thread ends with its next frame, at the latest when the door next marks."""
        self._hung_up.set()

    def _listen(self) -> None:
        try:
            with (
                client_of(*self._door) as client,
                client.stream("GET", self._path, params=self._params) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    response.read()
                    self._put(problem_of(response))
                    return
                for frame in frames_of(response.iter_raw()):
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


def client_of(base_url: str, key: str) -> httpx.Client:
    """Make a client of the door that waits for an answer until the line must be dead."""
    return httpx.Client(
        base_url=base_url,
        headers={"Authorization": f"Bearer {key}"},
        timeout=httpx.Timeout(_SILENCE_S, connect=CONNECT_S),
        # The door is on the loopback address: no proxy of the environment stands between.
        trust_env=False,
    )


def frames_of(chunks: Iterator[bytes]) -> Iterator[Frame]:
    """Cut a byte stream into frames."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= 4 and len(buffer) >= (end := 4 + int.from_bytes(buffer[:4], "big")):
            yield Frame.FromString(bytes(buffer[4:end]))
            del buffer[:end]


def problem_of(response: httpx.Response) -> SubscriberError:
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
