"""How a stream sleeps: until somebody rings for it, or the moment at which something of its own is due."""

from __future__ import annotations

import asyncio

__all__ = ["Wakeup"]


class Wakeup:
    """One stream's, in one event loop. Rung while the stream is awake, it ends the next sleep at once."""

    __slots__ = ("_alarm", "_loop", "_rung", "_sleeper")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rung = False
        self._sleeper: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def ring(self) -> None:
        """Wake the stream; called in its event loop."""
        self._rung = True
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    async def sleep(self, until_s: float) -> None:
        """Sleep until it is rung, or a moment of the event loop's clock; it may wake earlier, for nothing."""
        if not self._rung:
            self._set_alarm(until_s)
            self._sleeper = self._loop.create_future()
            try:
                await self._sleeper
            finally:
                self._sleeper = None
        self._rung = False

    def close(self) -> None:
        """Set no alarm any more."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _set_alarm(self, until_s: float) -> None:
        # One that comes too early is left: to wake once for nothing costs less than a new one each record.
        if self._alarm is None or self._alarm.when() > until_s:
            self.close()
            self._alarm = self._loop.call_at(until_s, self._go_off)

    def _go_off(self) -> None:
        self._alarm = None
        self.ring()
