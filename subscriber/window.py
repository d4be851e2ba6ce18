"""Has this message of a foreign topic come before? A bounded window of marks, and what it may get wrong.

Our own topics have positions and need none of this. A foreign message is known by its id, or by SHA-256 over
its key and its bytes. Marks are kept for the longest time a repeat was ever seen to take, and at most so many
of them.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from subscriber.store import Store

__all__ = ["DurableKeys", "Risk", "Window", "mark_of", "needed"]

_TABLES: Final = (
    """
    CREATE TABLE IF NOT EXISTS subscriber_window_mark (
        subscriber TEXT NOT NULL, mark BLOB NOT NULL, at_us BIGINT NOT NULL, PRIMARY KEY (subscriber, mark)
    )
    """,
    "CREATE INDEX IF NOT EXISTS subscriber_window_age ON subscriber_window_mark (subscriber, at_us)",
    """
    CREATE TABLE IF NOT EXISTS subscriber_window (
        subscriber TEXT PRIMARY KEY, kept BIGINT NOT NULL, repeats BIGINT NOT NULL,
        late_repeats BIGINT NOT NULL, overflow BIGINT NOT NULL, oldest_repeat_us BIGINT NOT NULL
    )
    """,
)
# Upper end of a 95 % interval where nothing was seen ("rule of three"), and what it adds where something was.
_UNSEEN: Final = 3.0
_MARK_BYTES: Final = 32


def mark_of(value: bytes, *, key: bytes = b"", message_id: str = "", length: int = _MARK_BYTES) -> bytes:
    """Give what a message is known by: its id where it has one, else SHA-256 over its key and its bytes.

    Args:
        value: the message's bytes.
        key: its key: the same bytes about another thing are another message.
        message_id: the sender's id of it; empty: it has none.
        length: how many bytes of the hash are kept, 8 to 32; fewer take less room and collide sooner.
    """
    if message_id:
        return message_id.encode()
    # The key's length first: else a byte could go from one to the other and nobody would see it.
    return hashlib.sha256(len(key).to_bytes(8, "big") + key + value).digest()[:length]


def needed(rate_per_s: float, longest: timedelta) -> int:
    """Tell how many marks a window has to hold: the measured rate over the longest redelivery."""
    return math.ceil(rate_per_s * longest.total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What a window may get wrong, by what it has seen.

    `marks` are held, `covers_s` is how far back they reach, `rate_per_s` what that makes.
    `oldest_repeat_s`: the longest time after which one of the `repeats` came.
    `taken_for_repeat_01`: the probability that within a year at this rate any new message is dropped because
    its mark is another's. `repeat_missed_01`: the share of repeats that come after the window, an upper 95 %
    bound given that no more of them come after the window than in its second half; 1: none was seen yet.
    `overflow`: marks dropped before their time because there were too many.
    """

    marks: int
    covers_s: float
    rate_per_s: float
    repeats: int
    oldest_repeat_s: float
    taken_for_repeat_01: float
    repeat_missed_01: float
    overflow: int

    def __str__(self) -> str:
        return "; ".join(
            (
                f"{self.marks} marks over {self.covers_s:.0f} s ({self.rate_per_s:.1f}/s)",
                f"{self.overflow} overflowed",
                f"{self.repeats} repeats dropped, the latest after {self.oldest_repeat_s:.1f} s",
                f"a new message taken for a repeat within a year: p <= {self.taken_for_repeat_01:.1e}",
                f"repeats that come after the window: at most {self.repeat_missed_01:.1%}",
            )
        )


class Window:
    """The marks of one subscriber; all but the making happens in the caller's transaction.

    Args:
        store: the subscriber's database.
        subscriber: whose marks they are.
        longest: the longest time after which a repeat was seen, or is possible.
        most: the most marks that are kept, whatever the rate.
    """

    def __init__(self, store: Store, subscriber: str, *, longest: timedelta, most: int = 1_000_000) -> None:
        self.subscriber = subscriber
        self._store = store
        self._name = subscriber
        self._longest_us = int(longest.total_seconds() * 1_000_000)
        self._most = most
        with store.transaction():
            for statement in _TABLES:
                store.execute(statement)
            store.execute(
                "INSERT INTO subscriber_window VALUES (?, 0, 0, 0, 0, 0) ON CONFLICT (subscriber) DO NOTHING",
                (subscriber,),
            )

    def is_new(self, mark: bytes, at_us: int) -> bool:
        """Take a message in; false when it has come before, and then it is counted.

        Args:
            mark: what it is known by; see `mark_of`.
            at_us: when it came, microseconds since 1970 UTC.
        """
        before = self._store.execute(
            "SELECT at_us FROM subscriber_window_mark WHERE subscriber = ? AND mark = ?", (self._name, mark)
        )
        if before and at_us - int(before[0][0]) <= self._longest_us:
            self._count_repeat(max(0, at_us - int(before[0][0])))
            return False
        self._store.execute(
            "INSERT INTO subscriber_window_mark VALUES (?, ?, ?) "
            "ON CONFLICT (subscriber, mark) DO UPDATE SET at_us = excluded.at_us",
            (self._name, mark, at_us),
        )
        self._bound(at_us, added=0 if before else 1)
        return True

    def risk(self, *, mark_bits: int = 8 * _MARK_BYTES) -> Risk:
        """Compute what the window may get wrong at the rate it measured.

        Args:
            mark_bits: of the marks; 0: they are ids, which are never another message's.
        """
        kept, repeats, late, overflow, oldest_us = self._row()
        ((first, last),) = self._store.execute(
            "SELECT min(at_us), max(at_us) FROM subscriber_window_mark WHERE subscriber = ?", (self._name,)
        )
        covers_s = 0.0 if first is None else (int(last) - int(first)) / 1_000_000
        rate = kept / covers_s if covers_s else 0.0
        a_year = rate * timedelta(days=365).total_seconds()
        # Each new message meets `kept` marks (union bound); of a birthday pair, one is in the window.
        collides = min(1.0, a_year * kept * 2.0**-mark_bits) if mark_bits else 0.0
        missed = min(1.0, (late + _UNSEEN) / repeats) if repeats else 1.0
        return Risk(
            marks=kept,
            covers_s=covers_s,
            rate_per_s=rate,
            repeats=repeats,
            oldest_repeat_s=oldest_us / 1_000_000,
            taken_for_repeat_01=collides,
            repeat_missed_01=missed,
            overflow=overflow,
        )

    def _count_repeat(self, age_us: int) -> None:
        self._store.execute(
            "UPDATE subscriber_window SET repeats = repeats + 1, "
            "late_repeats = late_repeats + ?, oldest_repeat_us = ? WHERE subscriber = ?",
            (int(2 * age_us > self._longest_us), max(age_us, self._row()[4]), self._name),
        )

    def _bound(self, at_us: int, *, added: int) -> None:
        """Drop marks whose time is over, and the oldest where there are too many."""
        gone = len(
            self._store.execute(
                "DELETE FROM subscriber_window_mark WHERE subscriber = ? AND at_us < ? RETURNING at_us",
                (self._name, at_us - self._longest_us),
            )
        )
        kept = self._row()[0] + added - gone
        over = max(0, kept - self._most)
        if over:
            self._store.execute(
                "DELETE FROM subscriber_window_mark WHERE subscriber = ? AND mark IN (SELECT mark FROM "
                "subscriber_window_mark WHERE subscriber = ? ORDER BY at_us LIMIT ?)",
                (self._name, self._name, over),
            )
        self._store.execute(
            "UPDATE subscriber_window SET kept = ?, overflow = overflow + ? WHERE subscriber = ?",
            (kept - over, over, self._name),
        )

    def _row(self) -> tuple[int, int, int, int, int]:
        ((kept, repeats, late, overflow, oldest),) = self._store.execute(
            "SELECT kept, repeats, late_repeats, overflow, oldest_repeat_us FROM subscriber_window "
            "WHERE subscriber = ?",
            (self._name,),
        )
        return int(kept), int(repeats), int(late), int(overflow), int(oldest)


class DurableKeys:
    """Where doubling must never be: a key that is never forgotten, whatever became of the window."""

    def __init__(self, store: Store, subscriber: str) -> None:
        self._store = store
        self._name = subscriber
        with store.transaction():
            store.execute(
                "CREATE TABLE IF NOT EXISTS subscriber_durable_key "
                "(subscriber TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (subscriber, key))"
            )

    def is_new(self, key: str) -> bool:
        """Take a key in for ever, in the caller's transaction; false when it was taken before."""
        return bool(
            self._store.execute(
                "INSERT INTO subscriber_durable_key VALUES (?, ?) "
                "ON CONFLICT (subscriber, key) DO NOTHING RETURNING key",
                (self._name, key),
            )
        )
