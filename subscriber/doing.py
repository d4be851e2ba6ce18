"""What a thread is at: the trace, the case and the subscriber, for log lines and for calls that leave it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from typing import Final, NamedTuple

__all__ = ["Doing", "doing", "while_doing"]


class Doing(NamedTuple):
    """A traceparent, the case or client it is about, and the subscriber's name; "" where there is none."""

    traceparent: str = ""
    subject: str = ""
    subscriber: str = ""


# One variable, set once an event and read only when something is logged: it must cost a replay nothing.
_NOTHING: Final = Doing()
_DOING: Final[ContextVar[Doing]] = ContextVar("doing", default=_NOTHING)


def doing() -> Doing:
    """Tell what the calling thread or task is at."""
    return _DOING.get()


def while_doing(at: Doing) -> AbstractContextManager[None]:
    """Be at something for a while."""
    return _While(at)


class _While:
    """By hand: `contextmanager` costs five times as much, and a replay pays for every event."""

    __slots__ = ("_at", "_before")

    def __init__(self, at: Doing) -> None:
        self._at = at

    def __enter__(self) -> None:
        self._before: Token[Doing] = _DOING.set(self._at)

    def __exit__(self, *_: object) -> None:
        _DOING.reset(self._before)
