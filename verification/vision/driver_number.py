"""The driver number of Great Britain (field 5): its alphabet by position and what it says about its holder.

Layout, DVLA (INF45/1 and the identification guidance): five letters of the family name filled up with 9,
decade of birth, month (a woman's first digit + 5), day, year in the decade, two initials or 9,
an arbitrary digit, two computer check letters whose rule is not public.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "TITLES",
    "DriverNumber",
    "Part",
    "Sex",
    "agrees_with",
    "initials",
    "parse",
    "repair",
    "surname_part",
]

Sex = Literal["F", "M"]
Part = Literal["driver_number", "family_name", "given_names", "date_of_birth", "sex"]

_PATTERN = re.compile(
    r"(?P<surname>[A-Z]{1,5}9{0,4})(?<=^.{5})(?P<decade>\d)(?P<month>0[1-9]|1[0-2]|5[1-9]|6[0-2])"
    r"(?P<day>0[1-9]|[12]\d|3[01])(?P<year>\d)(?P<initials>[A-Z]{2}|[A-Z]9|99)(?P<tail>\d[A-Z]{2})"
)
_LENGTH = 16
_KINDS = "AAAAA######AA#LL"  # A: letter or the filler 9; #: digit; L: letter
_AS_DIGIT = str.maketrans("OQDUILTZSBGAE", "0000111258643")
_AS_LETTER = str.maketrans("01258463", "OIZSBAGE")
TITLES = frozenset({"MR", "MRS", "MS", "MISS", "MX", "DR", "REV", "SIR", "LADY", "LORD", "PROF"})


@dataclass(frozen=True, slots=True)
class DriverNumber:
    """A well-formed driver number taken apart; `decade` and `year` are one digit each, `month` is 1-12."""

    text: str
    surname: str
    decade: int
    month: int
    day: int
    year: int
    initials: str
    sex: Sex


def parse(text: str) -> DriverNumber | None:
    """Take a number of 16 characters without spaces apart, None when a position breaks its alphabet."""
    match = _PATTERN.fullmatch(text)
    if match is None:
        return None
    month = int(match["month"])
    return DriverNumber(
        text=text,
        surname=match["surname"],
        decade=int(match["decade"]),
        month=month % 50,
        day=int(match["day"]),
        year=int(match["year"]),
        initials=match["initials"],
        sex="F" if month > 50 else "M",
    )


def repair(text: str) -> str | None:
    """Return the well-formed number that `text` shows, look-alikes put into each position's alphabet.

    Spaces and marks are dropped. None when no well-formed number of 16 characters comes out.
    """
    bare = re.sub(r"[^A-Z0-9]", "", text.upper())
    if len(bare) != _LENGTH:
        return None
    fitted = "".join(map(_fitted, bare, _KINDS))
    return fitted if parse(fitted) else None


def agrees_with(
    number: str, family_name: str, given_names: str, date_of_birth: dt.date, sex: Sex | None = None
) -> tuple[Part, ...]:
    """Name the parts in which a number disagrees with the printed facts; empty: all agree.

    `sex` None: not known, so not compared. A number that breaks its alphabet disagrees as `driver_number`.
    """
    parsed = parse(number)
    if parsed is None:
        return ("driver_number",)
    born = date_of_birth
    agreed: dict[Part, bool] = {
        "family_name": parsed.surname == surname_part(family_name),
        "given_names": parsed.initials == initials(given_names),
        "date_of_birth": (parsed.decade, parsed.month, parsed.day, parsed.year)
        == (born.year // 10 % 10, born.month, born.day, born.year % 10),
        "sex": sex is None or parsed.sex == sex,
    }
    return tuple(part for part, agrees in agreed.items() if not agrees)


def surname_part(family_name: str) -> str:
    """Make positions 1-5 from a family name: MAC becomes MC, marks fall away, 9 fills up."""
    letters = "".join(_letters(family_name))
    return re.sub(r"^MAC", "MC", letters)[:5].ljust(5, "9")


def initials(given_names: str) -> str:
    """Make positions 12-13 from the given names, a title before them left out, 9 for none."""
    names = _letters(given_names)
    names = names[1:] if len(names) > 1 and names[0] in TITLES else names
    return "".join(name[0] for name in names[:2]).ljust(2, "9")


def _letters(name: str) -> list[str]:
    """Split a name into words of A-Z; accents fall away, apostrophes join, hyphens part."""
    plain = unicodedata.normalize("NFKD", name.upper())
    return re.findall(r"[A-Z]+", re.sub(r"['.\u2019\u0300-\u036f]", "", plain))


def _fitted(character: str, kind: str) -> str:
    if kind == "#":
        return character.translate(_AS_DIGIT)
    if kind == "A" and character == "9":
        return character
    return character.translate(_AS_LETTER)
