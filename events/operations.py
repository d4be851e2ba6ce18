"""What an operator asks of the journal: its events, their count, its tables anew, a new epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from events import history
from events.epochs import declare_restored
from events.history import Span
from events.journal import head
from events.rebuilding import Rebuilt, as_of, rebuild
from protocol.catalogue import stream_named
from protocol.ids import from_us
from protocol.records import Recorded
from subscriber.pacing import Pace

__all__ = [
    "Differs",
    "Wish",
    "WrongMoment",
    "build_as_of",
    "line",
    "moment",
    "rebuild_tables",
    "replay",
    "restored",
    "span",
]

Say = Callable[[str], None]
_MOST_TOLD = 20


class WrongMoment(ValueError):
    """A moment is neither a position nor a time with its zone."""


class Differs(RuntimeError):
    """Live rows are not what the journal says: rebuild without `--check`, and find out who wrote them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which events an operator wants; places are positions or times, empty: from the first, to the last."""

    first: str = ""
    last: str = ""
    streams: tuple[str, ...] = ()
    subject: str | None = None
    per_s: float = 0


def moment(text: str) -> int:
    """Read a place as a position: a number, or a time with its zone, as the last position there was then.

    Raises:
        WrongMoment: it is neither, or lies beyond the journal's end.
    """
    end = head().position
    if _is_position(text):
        if int(text) > end:
            raise WrongMoment(f"the journal ends at {end}")
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongMoment(f"{text!r} is neither a position nor a time such as 2026-05-01T12:00Z") from error
    if at.tzinfo is None:
        raise WrongMoment(f"{text} has no zone: add Z or an offset such as +01:00")
    return history.at_moment(at)


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdigit()


def span(wish: Wish) -> Span:
    """Find the part of the journal that a wish means; a first position is included.

    Raises:
        WrongMoment: a place is none.
        UnknownType: there is no such stream.
    """
    after = moment(wish.first) - (1 if _is_position(wish.first) else 0) if wish.first else 0
    return Span(
        after=max(0, after),
        through=moment(wish.last) if wish.last else head().position,
        streams=tuple(stream_named(name).name for name in wish.streams) or None,
        subject=wish.subject,
    )


def replay(wish: Wish, say: Say, *, count: bool) -> None:
    """Print a part of the journal, a line an event, or only how many of each type there are."""
    found = history.records(span(wish), Pace(wish.per_s))
    if not count:
        for record in found:
            say(line(record))
        return
    types = Counter(record.type for record in found)
    for type_, number in sorted(types.items()):
        say(f"{number:>9}  {type_}")
    say(f"{types.total():>9}  in all")


def rebuild_tables(say: Say, *, check: bool, per_s: float) -> Rebuilt:
    """Make the event-sourced tables anew beside the live ones, and put right what differs.

    Raises:
        Differs: rows differ, and `check` asked only to compare.
    """
    done = rebuild(put_right=not check, pace=Pace(per_s))
    say(f"{done.tables} tables rebuilt from {done.events} events, up to position {done.position}")
    for one in done.differences[:_MOST_TOLD]:
        say(f"{one.model._meta.db_table} {one.pk}: {one.kind}")  # noqa: SLF001 - Django's own public door
    if not done.differences:
        say("no row differs")
    elif check:
        raise Differs(f"{len(done.differences)} rows are not what the journal says")
    else:
        say(f"{len(done.differences)} rows put right; writers waited {done.held_s * 1000:.0f} ms")
    return done


def build_as_of(text: str, file: Path, say: Say) -> None:
    """Build the tables as they were at a place, into a new SQLite file.

    Raises:
        WrongMoment: the place is none.
        FileExistsError: the file is there already.
    """
    position = history.whole_unit(moment(text))
    events = as_of(position, file)
    say(f"{file}: the tables as they were at position {position}, from {events} events")


def restored(say: Say) -> None:
    """Declare that a back-up was put back.

    Raises:
        NothingToDeclare: there is nothing to tell apart.
    """
    declared = declare_restored()
    say(f"epoch {declared.epoch} begins at {declared.first}; positions up to {declared.common} are common")
    say("whoever has seen more is told when it next reads; docs/runbooks/restore.md says what to do then")


def line(record: Recorded) -> str:
    """Write an event as one line, without anything personal."""
    name = record.type.rsplit(".", 1)[-1]
    at = f"{from_us(record.sequenced_at_us):%Y-%m-%dT%H:%M:%S.%fZ}"
    return f"{record.position:>8}  {at}  {record.subject}  {record.keyseq:>4}  {name}  ({record.source})"
