"""What the register knows, and how it is broken at the moment: read anew from its file at each question."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Book", "Fault", "Licence", "Reply", "read_book"]

_DEFAULT_SLOW_S = 10.0


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence as the authority holds it: valid, expired or revoked; the birth date is ISO 8601."""

    driver_number: str
    family_name: str
    date_of_birth: str
    status: str


@dataclass(frozen=True, slots=True)
class Fault:
    """How the register is broken: not_there, slow (by so many seconds) or unreliable, and how often."""

    kind: str
    seconds: float
    share_01: float

    def strikes(self, number: int) -> bool:
        """Tell whether the question of that number, from 0, is struck: evenly spread, without chance."""
        return int((number + 1) * self.share_01) > int(number * self.share_01)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the authority says of a question; `status` is absent for a number it does not know."""

    known: bool
    matches: bool
    status: str | None


@dataclass(frozen=True, slots=True)
class Book:
    """All licences by driver number, and the present fault."""

    licences: dict[str, Licence]
    fault: Fault | None

    def look_up(self, *, driver_number: str, family_name: str, date_of_birth: str) -> Reply:
        """Say whether the number is known, and whether it belongs to that name and birth date."""
        found = self.licences.get(_plain(driver_number))
        if found is None:
            return Reply(known=False, matches=False, status=None)
        same_name = _plain(found.family_name) == _plain(family_name)
        return Reply(True, same_name and found.date_of_birth == date_of_birth, found.status)


def read_book(path: Path) -> Book:
    """Read the register's file; without one, nobody is known and nothing is broken.

    Raises:
        ValueError: the file is no register.
    """
    if not path.exists():
        return Book({}, None)
    found = json.loads(path.read_text(encoding="utf-8"))
    try:
        licences = [_licence(row) for row in found["licences"]]
        return Book({_plain(row.driver_number): row for row in licences}, _fault(found.get("fault")))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is no register: {type(error).__name__}; see the contract's example"
        ) from error


def _licence(row: dict[str, str]) -> Licence:
    status = row.get("status", "valid")
    if status not in ("valid", "expired", "revoked"):
        raise ValueError(f"a licence is {status!r}; it must be valid, expired or revoked")
    return Licence(row["driver_number"], row["family_name"], row["date_of_birth"], status)


def _fault(row: dict[str, str | float] | None) -> Fault | None:
    if row is None:
        return None
    kind = row["kind"]
    if kind not in ("not_there", "slow", "unreliable"):
        raise ValueError(f"the fault is {kind!r}; it must be not_there, slow or unreliable")
    return Fault(kind, float(row.get("seconds", _DEFAULT_SLOW_S)), float(row.get("share", 1.0)))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
