"""How far one subscriber has come, as a value: what may be forgotten, and what must be remembered."""

from __future__ import annotations

import json

__all__ = ["Progress"]


class Progress:
    """Positions read, open and done.

    Everything up to `floor` is finished for good; `done` has the finished ones above it, and `read` is the
    last position looked at. After a crash, what lies above the floor and is not in `done` is done again.
    """

    __slots__ = ("_open", "done", "read")

    def __init__(
        self, read: int = 0, done: frozenset[int] = frozenset(), still_open: frozenset[int] = frozenset()
    ):
        self.read = read
        self.done = set(done)
        self._open = set(still_open)

    @property
    def floor(self) -> int:
        """The end of the contiguous finished prefix."""
        return min(self._open) - 1 if self._open else self.read

    @property
    def kept(self) -> set[int]:
        """The positions that have to be kept in mind."""
        self._forget()
        return self._open | self.done

    @property
    def weight(self) -> int:
        """How many positions have to be kept in mind."""
        return len(self.kept)

    def copy(self) -> Progress:
        """Give one that can be tried and thrown away."""
        return Progress(self.read, frozenset(self.done), frozenset(self._open))

    def begin(self, position: int) -> bool:
        """Take a position up; false when it is finished already."""
        if position <= self.read or position in self.done:
            return False
        self._open.add(position)
        return True

    def looked(self, through: int) -> None:
        """Note that everything up to a position was looked at; what was not taken up is finished."""
        self.read = max(self.read, through)
        self._forget()

    def finish(self, position: int) -> None:
        """Finish a position that was taken up."""
        self._open.discard(position)
        self.done.add(position)

    def _forget(self) -> None:
        floor = self.floor
        if self.done and min(self.done) <= floor:
            self.done = {position for position in self.done if position > floor}

    def dump(self) -> bytes:
        """Write the finished positions above the floor."""
        self._forget()
        return json.dumps(sorted(self.done)).encode() if self.done else b""

    @classmethod
    def load(cls, floor: int, done: bytes) -> Progress:
        """Read what was kept: reading goes on from the floor."""
        return cls(read=floor, done=frozenset(json.loads(done)) if done else frozenset())
