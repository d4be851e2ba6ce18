"""The frames of a feed, read from lines; what is unknown in them is passed over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vouch_feed.errors import Lost
from vouch_feed.position import Position

__all__ = ["Frame", "Gap", "Goodbye", "Heartbeat", "Lines", "Record", "Welcome", "frame_of"]

# Far above any record: a line without end must not fill the memory.
_LONGEST_LINE: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """One public record. `line` is the frame as it came, without its line end.

    `prev` is the number of the record before it on this partition or case; None when kinds were chosen.
    `final`: no later record for this fact is expected. `recorded_at` is RFC 3339.
    """

    number: int
    prev: int | None
    cursor: str
    kind: str
    case: str
    reference: str
    live: bool
    recorded_at: str
    final: bool
    data: Mapping[str, object]
    line: bytes

    @property
    def checkpoint(self) -> Position:
        """The position of whoever has dealt with it."""
        return Position.parse(self.cursor)


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first frame: where the feed stands and where this stream begins."""

    epoch: str
    oldest: int
    head: int
    first: int
    heartbeat_s: float


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Everything of this partition up to `position` was sent."""

    position: int
    head: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Records that retention took before they were read."""

    from_: int
    to: int
    oldest: int
    reason: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The stream ends: why, and how long to stay away; `said` is the frame."""

    reason: str
    retry_after_s: float
    said: Mapping[str, object]


Frame = Record | Welcome | Heartbeat | Gap | Goodbye


def frame_of(line: bytes) -> Frame | None:
    """Read a line; None: a frame of a kind that this client does not know.

    Raises:
        Lost: it is no frame.
    """
    try:
        said = json.loads(line)
        return _read(said["frame"], said, line)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Lost(f"a line is no frame: {error!r}") from error


def _read(name: str, said: Mapping[str, object], line: bytes) -> Frame | None:
    match name:
        case "record":
            return _record(said, line)
        case "welcome":
            heartbeat_s = float(str(said["heartbeat_s"]))
            epoch, oldest = str(said["epoch"]), _whole(said, "oldest")
            return Welcome(epoch, oldest, _whole(said, "head"), _whole(said, "from"), heartbeat_s)
        case "heartbeat":
            return Heartbeat(_whole(said, "position"), _whole(said, "head"))
        case "gap":
            reason = str(said.get("reason", ""))
            return Gap(_whole(said, "from"), _whole(said, "to"), _whole(said, "oldest"), reason)
        case "bye" | "falling_behind":
            after_ms = float(str(said.get("retry_after_ms") or 0))
            reason = str(said.get("reason", name))
            # "Falling behind" is never for good, whatever it gives as its reason.
            return Goodbye(reason if name == "bye" else name, after_ms / 1000, said)
        case _:
            return None


def _record(said: Mapping[str, object], line: bytes) -> Record:
    data = said["data"]
    return Record(
        number=_whole(said, "number"),
        prev=_whole(said, "prev") if "prev" in said else None,
        cursor=Position.parse(str(said["cursor"])).cursor,
        kind=str(said["kind"]),
        case=str(said["case"]),
        reference=str(said.get("reference", "")),
        live=bool(said.get("live", False)),
        recorded_at=str(said.get("recorded_at", "")),
        final=bool(said.get("final", False)),
        data=data if isinstance(data, dict) else {},
        line=line,
    )


def _whole(said: Mapping[str, object], name: str) -> int:
    value = said[name]
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} is no whole number")
    return value


class Lines:
    """Puts lines together from pieces; a line without its end is not handed out."""

    def __init__(self) -> None:
        self._rest = b""

    def add(self, piece: bytes) -> list[bytes]:
        """Take the next piece in; gives the lines that are whole now.

        Raises:
            Lost: a line has no end.
        """
        *whole, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            raise Lost("a line has no end")
        return [line.rstrip(b"\r") for line in whole if line.strip()]
