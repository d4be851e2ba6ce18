"""Dates as documents write them: two-digit years of a machine readable zone, printed DD.MM.YYYY."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

__all__ = ["Meaning", "machine_date", "printed_date", "printed_dates"]

Meaning = Literal["birth", "expiry"]

_AS_DIGIT = str.maketrans("OoQDIlLi|ZzSsBGbg", "00001111122558669")
# Tesseract joins or drops the stops between the numbers; a separator may also come out as a comma.
_LOOSE = re.compile(
    r"(?<![0-9])([0-9OoQDIlLi|ZzSsB]{2})[.,:\-/ ]{0,2}([0-9OoQDIlLi|]{2})[.,:\-/ ]{0,2}"
    r"([12][0-9OoQDIlLi|ZzSsBGbg]{3})(?![0-9])"
)


def machine_date(text: str, *, meaning: Meaning, today: dt.date) -> dt.date | None:
    """Read YYMMDD; None when it is no calendar date or has unknown parts (`<`).

    An expiry lies in 2000-2099, a birth on or before `today` (ICAO 9303-3 §4.8 leaves the century open).
    """
    if not re.fullmatch(r"[0-9]{6}", text):
        return None
    year, month, day = (int(text[at : at + 2]) for at in (0, 2, 4))
    recent = _calendar(2000 + year, month, day)
    if meaning == "expiry" or (recent is not None and recent <= today):
        return recent
    return _calendar(1900 + year, month, day)


def printed_date(text: str) -> dt.date | None:
    """Read one DD.MM.YYYY from a printed line, None when there is none or more than one."""
    found = printed_dates(text)
    return found[0] if len(found) == 1 else None


def printed_dates(text: str) -> tuple[dt.date, ...]:
    """Read every DD.MM.YYYY of a printed line in order, letters taken for the digits they resemble."""
    candidates = (_from_match(match) for match in _LOOSE.finditer(text))
    return tuple(date for date in candidates if date is not None)


def _from_match(match: re.Match[str]) -> dt.date | None:
    day, month, year = (int(part.translate(_AS_DIGIT)) for part in match.groups())
    return _calendar(year, month, day)


def _calendar(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
