"""A JSON text whose every value knows where it stands, so that an error can name its line."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias, TypeVar

from protocol.policies.lines import lines_of

__all__ = ["Json", "Place", "WrongPolicy", "place_of"]

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
T = TypeVar("T")


class WrongPolicy(ValueError):
    """A policy is not as the language says: answer `invalid_policy`.

    `line`, from 1, and `pointer` (RFC 6901) say where; 0 and empty: it is about the whole.
    """

    def __init__(self, what: str, *, line: int = 0, pointer: str = "") -> None:
        super().__init__(f"line {line}: {what}" if line else what)
        self.line, self.pointer = line, pointer


@dataclass(frozen=True, slots=True)
class Place:
    """A value and where it stands."""

    value: Json
    pointer: str
    lines: Mapping[str, int]

    def wrong(self, what: str) -> NoReturn:
        """Refuse the policy for this value."""
        raise WrongPolicy(what, line=self.lines.get(self.pointer, 1), pointer=self.pointer)

    def members(self, allowed: Collection[str], *, needed: Collection[str] = ()) -> dict[str, Place]:
        """Take an object apart; each member must be allowed, and those that are needed be there."""
        if not isinstance(self.value, dict):
            self.wrong(f"this must be an object with {_listed(allowed)}")
        found = {name: self._under(name, value) for name, value in self.value.items()}
        for name, place in found.items():
            if name not in allowed:
                place.wrong(f"{name[:40]!r} means nothing here; there are {_listed(allowed)}")
        for name in needed:
            if name not in found:
                self.wrong(f"{name!r} is missing")
        return found

    def items(self, *, most: int, least: int = 1) -> list[Place]:
        """Take a list apart."""
        if not isinstance(self.value, list) or not least <= len(self.value) <= most:
            self.wrong(f"this must be a list of {least} to {most}")
        return [self._under(str(index), value) for index, value in enumerate(self.value)]

    def word(self, words: Mapping[str, T]) -> T:
        """Take one of some words."""
        if not isinstance(self.value, str) or self.value not in words:
            self.wrong(f"{str(self.value)[:40]!r} is none of {_listed(words)}")
        return words[self.value]

    def words(self, words: Mapping[str, T]) -> frozenset[T]:
        """Take a list of some words."""
        return frozenset(item.word(words) for item in self.items(most=len(words)))

    def _under(self, name: str, value: Json) -> Place:
        return Place(value, f"{self.pointer}/{name}", self.lines)


def place_of(text: str, *, longest: int) -> Place:
    """Read a JSON text.

    Raises:
        WrongPolicy: it is too long or no JSON, or it has a member twice or a number that is none.
    """
    if len(text) > longest:
        raise WrongPolicy(f"a policy has at most {longest} characters; this has {len(text)}")
    try:
        value: Json = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise WrongPolicy(f"this is no JSON: {error.msg}", line=error.lineno) from error
    except RecursionError:
        raise WrongPolicy("this is nested too deeply") from None
    return Place(value, "", lines_of(text))


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WrongPolicy(f"a member is said twice in the object with {_listed(found)}")
    return found


def _no_number(word: str) -> NoReturn:
    raise WrongPolicy(f"{word} is no number")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(word[:40] for word in words))
