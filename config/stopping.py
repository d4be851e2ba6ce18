"""How a process of ours hears that it should end."""

from __future__ import annotations

import signal
import threading

__all__ = ["stop_on_signal"]


def stop_on_signal() -> threading.Event:
    """Give an event that SIGTERM sets."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    return stop
