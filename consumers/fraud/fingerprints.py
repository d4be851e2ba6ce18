"""What stands for a document number, and for a name with a birth date: comparable, and not to be read back.

Names are compared as Bloom filters of their pairs of letters (Schnell, Bachteler and Reiher 2009,
https://doi.org/10.1186/1472-6947-9-41): alike names give alike bits, in whichever order and script case they
are written. Numbers are compared so too, pair by pair in its place: one that was misread is known again. The
service keeps no name and no number.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

__all__ = ["Details", "Number", "dice", "near_dates"]

_MARK_BYTES: Final = 16
# For some twenty pairs of letters, ten bits each: about a fifth of the bits is set, as the paper recommends.
_BITS, _HASHES = 1024, 10
_ORDINAL_BYTES: Final = 4
# So alike two names must be, with one birth date, and with birth dates that a slip tells apart.
_ALIKE_NAMES, _ONE_NAME = 0.80, 0.95


class Details(NamedTuple):
    """A name's bits, 1,024 in one number, and the birth date as its proleptic Gregorian day number."""

    born: int
    bits: int

    @classmethod
    def of(cls, name: str, born: str) -> Details | None:
        """Make them of a whole name and an ISO date; None: there is no letter, or no such day."""
        try:
            day = date.fromisoformat(born.strip()).toordinal()
        except ValueError:
            return None
        bits = _bits(_pairs_of(name))
        return cls(day, bits) if bits else None

    def is_nearly(self, other: Details) -> bool:
        """Tell whether two are most likely one person's: the same both ways round."""
        alike = dice(self.bits, other.bits)
        if self.born == other.born:
            return alike >= _ALIKE_NAMES
        return alike >= _ONE_NAME and other.born in set(near_dates(self.born))

    @classmethod
    def read(cls, value: bytes) -> Details:
        """Read what `written` gave."""
        return cls(
            int.from_bytes(value[:_ORDINAL_BYTES], "big"), int.from_bytes(value[_ORDINAL_BYTES:], "big")
        )

    def written(self) -> bytes:
        """Write them as 132 bytes."""
        return self.born.to_bytes(_ORDINAL_BYTES, "big") + self.bits.to_bytes(_BITS // 8, "big")


class Number(NamedTuple):
    """A document's number: a mark that is the same only for the same one, and its bits."""

    mark: bytes
    bits: int

    @classmethod
    def of(cls, number: str) -> Number | None:
        """Make it of a number, however it is spaced; None: there is no letter or digit."""
        plain = "".join(c for c in unicodedata.normalize("NFKC", number).upper() if c.isalnum())
        pairs = (f"{n} {plain[n : n + 2]}" for n in range(len(plain)))
        return cls(_mark(plain.encode()), _bits(pairs)) if plain else None

    @classmethod
    def read(cls, value: bytes) -> Number:
        """Read what `written` gave."""
        return cls(value[:_MARK_BYTES], int.from_bytes(value[_MARK_BYTES:], "big"))

    def written(self) -> bytes:
        """Write it as 144 bytes."""
        return self.mark + self.bits.to_bytes(_BITS // 8, "big")


def dice(a: int, b: int) -> float:
    """Tell how alike two names or numbers are, 0 to 1: the share of set bits that both have (Dice)."""
    set_bits = a.bit_count() + b.bit_count()
    return 2 * (a & b).bit_count() / set_bits if set_bits else 0.0


def near_dates(born: int) -> Iterator[int]:
    """Give a day number, and those of dates that one slip makes of it: a wrong digit, or day for month."""
    yield born
    seen = {born}
    digits = date.fromordinal(born).isoformat().replace("-", "")
    slips = [digits[:4] + digits[6:] + digits[4:6]]
    slips += [digits[:n] + d + digits[n + 1 :] for n in range(8) for d in "0123456789"]
    for slip in slips:
        try:
            found = date(int(slip[:4]), int(slip[4:6]), int(slip[6:])).toordinal()
        except ValueError:
            continue
        if found not in seen:
            seen.add(found)
            yield found


def _pairs_of(name: str) -> Iterator[str]:
    """List the pairs of letters of each word, its two ends included."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    words = "".join(c if c.isalpha() else "" if unicodedata.combining(c) or c == "'" else " " for c in plain)
    for word in words.split():
        padded = f" {word} "
        yield from (padded[n : n + 2] for n in range(len(padded) - 1))


def _bits(pairs: Iterable[str]) -> int:
    bits = 0
    for pair in pairs:
        mark = _mark(pair.encode())
        # Two numbers make all ten places (Kirsch and Mitzenmacher 2008).
        first, step = int.from_bytes(mark[:8], "big"), int.from_bytes(mark[8:], "big") | 1
        for k in range(_HASHES):
            bits |= 1 << (first + k * step) % _BITS
    return bits


def _mark(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_MARK_BYTES, person=b"vouch fraud").digest()
