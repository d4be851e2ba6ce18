"""What a follower knows and decides, without any transport: frames in, records out, a position that moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from vouch_feed.backoff import Backoff
from vouch_feed.errors import Available, EpochChanged, Hole, Lost, error_of
from vouch_feed.frames import Frame, Gap, Goodbye, Heartbeat, Record, Welcome, frame_of
from vouch_feed.metrics import Metrics
from vouch_feed.position import Position
from vouch_feed.wish import Settings, Wish

__all__ = ["Core"]

_FINAL: Final = frozenset(
    {
        "revoked",
        "replaced",
        "unauthorised",
        "forbidden_scope",
        "not_found",
        "invalid",
        "too_old",
        "epoch_changed",
        "in_the_future",
    }
)
_HOLES_IN_A_ROW: Final = 3
# Until the server has said its own.
_HEARTBEAT_S: Final = 15.0
_PATIENCE: Final = 2.5


class Core:
    """One caller's following, over all its connections. `clock`: seconds, never stepping back."""

    def __init__(
        self,
        wish: Wish,
        settings: Settings,
        *,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wish = wish
        self._settings = settings
        self._backoff = backoff or Backoff(settings.longest_wait_s)
        self._clock = clock
        self._heartbeat_s = _HEARTBEAT_S
        self._welcomed_s: float | None = None
        self._handed_on = False
        self._holes = 0
        self.position = wish.after
        self.metrics = Metrics(position=wish.after.number if wish.after else 0)

    @property
    def patience_s(self) -> float:
        """How long nothing may be heard before the connection counts as dead."""
        return self._heartbeat_s * _PATIENCE

    @property
    def fulfilled(self) -> bool:
        """As many records as wanted were handed on."""
        return self._wish.limit is not None and self.metrics.records >= self._wish.limit

    def query(self) -> dict[str, str]:
        """Give the next connection's query: on from the position, once there is one."""
        wish, asked = self._wish, dict[str, str]()
        if self.position is not None:
            asked["after"] = self.position.cursor
        elif wish.from_ is not None:
            asked["from"] = str(wish.from_)
        if wish.partition is not None:
            asked["partition"] = f"{wish.partition[0]}/{wish.partition[1]}"
        if wish.kinds:
            asked["kinds"] = ",".join(wish.kinds)
        if wish.subscription:
            asked["subscription"] = wish.subscription
        if wish.limit is not None:
            asked["limit"] = str(wish.limit - self.metrics.records)
        if wish.wait_s is not None:
            asked["wait"] = str(wish.wait_s)
        return asked | ({"until": "caught_up"} if wish.until_caught_up else {})

    def hear(self, line: bytes) -> Record | None:
        """Take a line in; gives the record to hand on, if it is one: call `handed_on` when that is done.

        Raises:
            Lost: the connection is over; come back.
            FeedError: following is over.
        """
        self.metrics.bytes += len(line) + 1
        self.metrics.last_heard = time.time()
        frame = frame_of(line)
        if isinstance(frame, Welcome):
            self._greet(frame)
            return None
        if frame is not None and self.position is None:
            raise Lost("the first frame is no welcome")
        return self._take(frame)

    def handed_on(self, record: Record) -> None:
        """Note that the caller has dealt with a record: the position moves to it."""
        self.metrics.records += 1
        self._handed_on = True
        self._move(record.number)

    def ended(self) -> bool:
        """Take in that the response has ended as it should, without a goodbye; True: that is the end."""
        return self._wish.ends and self._welcomed_s is not None

    def wait_s(self, retry_after_s: float = 0.0) -> float:
        """Take in that the connection is over; tells how long to wait before the next."""
        healthy_s = 0.0 if self._welcomed_s is None else self._clock() - self._welcomed_s
        handed_on, self._handed_on = self._handed_on, False
        self.closed()
        return self._backoff.wait_s(healthy_s=healthy_s, handed_on=handed_on, retry_after_s=retry_after_s)

    def closed(self) -> None:
        """Take in that there is no connection now."""
        self._welcomed_s = None
        self.metrics.connected = False

    def _greet(self, welcome: Welcome) -> None:
        self._welcomed_s = self._clock()
        self._heartbeat_s = welcome.heartbeat_s
        self.metrics.reconnects += self.metrics.connections > 0
        self.metrics.connections += 1
        self.metrics.connected = True
        self.metrics.head = welcome.head
        if self.position is None:
            self.position = Position(welcome.epoch, welcome.first - 1)
            self.metrics.position = self.position.number
        if welcome.epoch != self.position.epoch:
            available = Available(welcome.epoch, welcome.oldest, welcome.head)
            detail = f"the position {self.position} is of another epoch: the feed was restored"
            raise EpochChanged("epoch_changed", detail, available)

    def _take(self, frame: Frame | None) -> Record | None:
        match frame:
            case Record():
                return self._checked(frame)
            case Heartbeat():
                self.metrics.heartbeats += 1
                self.metrics.head = max(self.metrics.head, frame.head)
                self._moved(frame.position)
            case Gap():
                self.metrics.gaps += 1
                if self._settings.on_gap is not None:
                    self._settings.on_gap(frame)
                self._moved(frame.to)
            case Goodbye() if frame.reason in _FINAL:
                raise error_of(frame.said, frame.reason)
            case Goodbye():
                raise Lost(f"the server said goodbye: {frame.reason}", frame.retry_after_s)
        return None

    def _checked(self, record: Record) -> Record | None:
        at = self._at
        self.metrics.head = max(self.metrics.head, record.number)
        if record.number <= at.number:
            self.metrics.repeated += 1
            return None
        if not self._wish.kinds and record.prev is not None and record.prev > at.number:
            self._miss(record.prev)
        return record

    def _miss(self, prev: int) -> None:
        """Ask again from the position; a hole that is met again and again is one."""
        self.metrics.holes += 1
        self._holes += 1
        detail = f"the records after {self._at} up to {prev} did not come"
        if self._holes >= _HOLES_IN_A_ROW:
            raise Hole("hole", f"{detail}, though asked for {self._holes} times")
        raise Lost(detail)

    def _moved(self, number: int) -> None:
        """Move without a record, and tell the caller."""
        if number > self._at.number:
            self._move(number)
            if self._settings.on_position is not None:
                self._settings.on_position(self._at)

    def _move(self, number: int) -> None:
        self.position = Position(self._at.epoch, number)
        self.metrics.position = number
        self._holes = 0

    @property
    def _at(self) -> Position:
        if self.position is None:
            raise Lost("nothing was heard yet")
        return self.position
