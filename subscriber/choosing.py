"""Which handler an event goes to, if any; whatever is passed over is counted."""

from __future__ import annotations

from protocol.catalogue import knows
from protocol.ids import to_us
from protocol.records import Recorded
from subscriber.counts import Counts
from subscriber.declare import Handler, Mode, Subscriber
from subscriber.skips import Skip, Skips

__all__ = ["Chooser"]


class Chooser:
    """Knows a subscriber's handlers; `replaying`: what touches the outside world is left out.

    `limited`: some of them say how many of their works may be under way at once.
    """

    def __init__(self, subscriber: Subscriber, skips: Skips, counts: Counts, *, replaying: bool) -> None:
        self._handlers = subscriber.by_type()
        self.limited = any(handler.at_once is not None for handler in subscriber.handlers)
        self._since = subscriber.react_since
        self._skips = skips
        self._counts = counts
        self._replaying = replaying

    def handler(self, record: Recorded) -> Handler | None:
        """Find the handler of an event; None: it is not handled, now or ever."""
        handler = self._handlers.get(record.type)
        if handler is None:
            if not knows(record.type):
                self._counts.unknown += 1
                self._skips.note(Skip.UNKNOWN_TYPE, record)
            return None
        if handler.mode is Mode.REACT and self._too_late(record):
            self._counts.too_old += 1
            self._skips.note(Skip.REPLAYED if self._replaying else Skip.TOO_OLD, record)
            return None
        return handler

    def again(self, record: Recorded) -> None:
        """Count an event that was done before."""
        self._counts.repeated += 1
        self._skips.note(Skip.DONE_BEFORE, record)

    def _too_late(self, record: Recorded) -> bool:
        if self._replaying:
            return True
        return self._since is not None and record.sequenced_at_us < to_us(self._since)
