"""Whether a log is whole: pure, so that an export is checked by the same few lines as the log itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from consumers.audit.entries import START, Entry, Kind, chained
from consumers.audit.errors import Fault
from consumers.audit.heads import Head, holds
from consumers.audit.log import Kept

__all__ = ["Checked", "check", "walked"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A log that is whole: its entries, and how many of them a published head vouches for."""

    entries: int
    proven: int


def check(log: Iterable[Kept], heads: Iterable[Head], public_key: bytes) -> Checked:
    """Read a whole log and hold it against published heads.

    Args:
        log: every entry, from the first.
        heads: those that are known, in any order.
        public_key: 32 bytes, had from elsewhere than the log.

    Raises:
        Fault: where it is not what was logged, or a head is not signed with this key.
    """
    known = _trusted(heads, public_key)
    count = proven = 0
    for kept in walked(log):
        count = kept.entry.number
        if said := known.pop(count, None):
            _require_same(kept, said, proven)
            proven = count
    if known:
        raise Fault(
            count + 1, f"the log ends before it: a published head says that it had {max(known)} entries"
        )
    return Checked(count, proven)


def walked(log: Iterable[Kept]) -> Iterator[Kept]:
    """Give the entries of a log, each looked at together with the one before it.

    Raises:
        Fault: one does not follow the one before it.
    """
    hash_, at = START, Entry._make((0, "", "", 0, *("",) * 7, 0, 0, 0, ""))
    for kept in log:
        entry = kept.entry
        if entry.number != at.number + 1:
            raise Fault(at.number + 1, f"it is missing: after entry {at.number} comes entry {entry.number}")
        if chained(hash_, entry) != kept.hash:
            raise Fault(entry.number, "its hash is not that of itself and all before it: it was edited")
        if not _follows(at, entry):
            raise Fault(
                entry.number, f"{entry.epoch}-{entry.position} does not follow {at.epoch}-{at.position}"
            )
        hash_, at = kept.hash, entry
        yield kept


def _follows(before: Entry, entry: Entry) -> bool:
    """Tell whether an entry's place in the journal may come after another's."""
    if entry.kind == Kind.EPOCH:
        return before.number > 0 and entry.epoch != before.epoch and entry.position <= before.position
    same = before.epoch in {"", entry.epoch}
    return entry.kind == Kind.EVENT and same and entry.position == before.position + 1


def _trusted(heads: Iterable[Head], public_key: bytes) -> dict[int, list[Head]]:
    """Group heads by the entry that they speak of.

    Raises:
        Fault: one was not signed with this key.
    """
    found: defaultdict[int, list[Head]] = defaultdict(list)
    for head in heads:
        if not holds(head, public_key):
            raise Fault(head.entries, "the head that speaks of it is not signed with this key: it is forged")
        found[head.entries].append(head)
    return dict(found)


def _require_same(kept: Kept, heads: Iterable[Head], proven: int) -> None:
    place = (kept.hash, kept.entry.epoch, kept.entry.position)
    if any((head.hash, head.epoch, head.position) != place for head in heads):
        raise Fault(
            proven + 1,
            f"it, or one after it up to {kept.entry.number}, is not what it was: the head that was published "
            f"of entry {kept.entry.number} says otherwise, and the log was made to fit itself again",
        )
