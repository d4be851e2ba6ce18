"""What must hold, as a client writes it; read and written."""

from __future__ import annotations

import math
import re
from typing import Final

from protocol.checks import CHECKS, Grade
from protocol.documents import DOCUMENT_TYPES
from protocol.policies.formula import (
    AgeProven,
    AllOf,
    AnyOf,
    CheckIs,
    DocumentIs,
    Formula,
    ScoreAtLeast,
    Unless,
    checks_are,
)
from protocol.policies.reading import Json, Place

__all__ = ["condition", "written"]

_DEEPEST: Final = 12
_MOST_PARTS: Final = 50
_CHECKS: Final = {check.value: check for check in CHECKS}
_GRADES: Final = {grade.value: grade for grade in Grade}
_DOCUMENTS: Final = {name: name for name in DOCUMENT_TYPES}
_PART: Final = re.compile(r"([a-z_]+)/([a-z][a-z0-9_]{0,63})")
# Each way to say what must hold: its members, by the one that it is known by.
_WAYS: Final = {
    "all_of": {"all_of"},
    "any_of": {"any_of"},
    "unless": {"unless"},
    "check": {"check", "is"},
    "checks": {"checks", "every", "any"},
    "part": {"part", "at_least"},
    "document": {"document"},
    "age": {"age"},
}


def condition(place: Place, *, depth: int = 0) -> Formula:
    """Read what must hold.

    Raises:
        WrongPolicy: it is not said in the language.
    """
    if depth > _DEEPEST:
        place.wrong(f"this is nested more than {_DEEPEST} deep")
    said = place.members(frozenset().union(*_WAYS.values()))
    way = next((name for name in _WAYS if name in said), None)
    if way is None:
        place.wrong(f"this says nothing that could hold; write one of {', '.join(_WAYS)}")
    place.members(_WAYS[way])
    return _read(way, place, said, depth)


def _read(way: str, place: Place, said: dict[str, Place], depth: int) -> Formula:
    match way:
        case "all_of" | "any_of":
            parts = tuple(condition(part, depth=depth + 1) for part in said[way].items(most=_MOST_PARTS))
            return AllOf(parts) if way == "all_of" else AnyOf(parts)
        case "unless":
            return Unless(condition(said[way], depth=depth + 1))
        case _:
            return _question(way, place, said)


def _question(way: str, place: Place, said: dict[str, Place]) -> Formula:
    match way:
        case "check":
            return CheckIs(said[way].word(_CHECKS), _needed(place, said, "is").words(_GRADES))
        case "checks":
            return _checks(place, said)
        case "part":
            return _score(said[way], _needed(place, said, "at_least"))
        case "document":
            return DocumentIs(said[way].words(_DOCUMENTS))
        case _:
            said[way].word({"proven": True})
            return AgeProven()


def _checks(place: Place, said: dict[str, Place]) -> Formula:
    asked = frozenset(CHECKS) if said["checks"].value == "all" else said["checks"].words(_CHECKS)
    if ("every" in said) == ("any" in said):
        place.wrong("say either which grades every check must have, or any of them")
    grades = (said.get("every") or said["any"]).words(_GRADES)
    in_order = tuple(check for check in CHECKS if check in asked)
    return checks_are(in_order, grades, every="every" in said)


def _score(part: Place, least: Place) -> ScoreAtLeast:
    found = _PART.fullmatch(part.value) if isinstance(part.value, str) else None
    if found is None or found[1] not in _CHECKS:
        part.wrong("a part is written as its check and its name, face_match/similarity")
    value = least.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        least.wrong("this must be a number")
    return ScoreAtLeast(_CHECKS[found[1]], found[2], float(value))


def _needed(place: Place, said: dict[str, Place], name: str) -> Place:
    if name not in said:
        place.wrong(f"{name!r} is missing")
    return said[name]


def written(formula: Formula) -> dict[str, Json]:
    """Write what must hold, as `condition` reads it; several checks with the same grades in one."""
    match formula:
        case AllOf(parts) | AnyOf(parts):
            every = isinstance(formula, AllOf)
            return _together(parts, every=every) or {
                "all_of" if every else "any_of": [written(part) for part in parts]
            }
        case Unless(part):
            return {"unless": written(part)}
        case CheckIs(check, grades):
            return {"check": check.value, "is": _graded(grades)}
        case ScoreAtLeast(check, part, least):
            return {"part": f"{check.value}/{part}", "at_least": least}
        case DocumentIs(types):
            return {"document": [*sorted(types)]}
        case AgeProven():
            return {"age": "proven"}


def _together(parts: tuple[Formula, ...], *, every: bool) -> dict[str, Json]:
    """Write questions to several checks as one, where they ask for the same grades; empty: they do not."""
    asked = [part for part in parts if isinstance(part, CheckIs)]
    checks = tuple(part.check for part in asked)
    in_order = tuple(check for check in CHECKS if check in checks)
    alike = len({part.grades for part in asked}) == 1 and len(asked) == len(parts) > 1
    if not alike or checks != in_order:
        return {}
    named: Json = "all" if checks == CHECKS else [check.value for check in checks]
    return {"checks": named, "every" if every else "any": _graded(asked[0].grades)}


def _graded(grades: frozenset[Grade]) -> list[Json]:
    return [grade.value for grade in Grade if grade in grades]
