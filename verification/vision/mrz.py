"""The machine readable zone as text: its formats, fields and check digits (ICAO Doc 9303 parts 3-7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from verification.vision.dates import machine_date
from verification.vision.fields import Field

__all__ = [
    "LAYOUTS",
    "Check",
    "DigitRule",
    "Format",
    "Layout",
    "MachineZone",
    "Span",
    "agrees",
    "alphabet_at",
    "check_digit",
    "fields_of",
    "layout_of",
    "parse",
    "seal",
]

Format = Literal["TD1", "TD2", "TD3", "MRV-A", "MRV-B"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"
_VALUES = {character: value for value, character in enumerate(_DIGITS + _LETTERS)} | {"<": 0}
_WEIGHTS = (7, 3, 1)
_ANY = _DIGITS + _LETTERS + "<"
_PUBLIC = ("document_number", "family_name", "given_names", "sex", "nationality")
_ALPHABETS = {
    "document_code": _LETTERS + "<",
    "issuer": _LETTERS + "<",
    "name": _LETTERS + "<",
    "nationality": _LETTERS + "<",
    "date_of_birth": _DIGITS + "<",
    "sex": "MF<",
    "expiry_date": _DIGITS,
}


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring positions of one line, counted from 0; `stop` is the first one after them."""

    line: int
    start: int
    stop: int

    def of(self, lines: Sequence[str]) -> str:
        """Cut the span out of a zone's lines."""
        return lines[self.line][self.start : self.stop]


@dataclass(frozen=True, slots=True)
class DigitRule:
    """Where a check digit stands and what it covers; `may_be_blank`: `<` may stand over an empty field."""

    name: str
    line: int
    column: int
    over: tuple[Span, ...]
    may_be_blank: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """One format of the standard: so many lines of so many characters, its fields and its check digits."""

    format: Format
    line_count: int
    width: int
    spans: Mapping[str, Span]
    rules: tuple[DigitRule, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check digit."""

    name: str
    ok: bool


@dataclass(frozen=True, slots=True)
class MachineZone:
    """A zone taken apart.

    `values` are the standard's fields without fillers (dates still YYMMDD), `checks` has one entry a check
    digit, `confidence_01` is the reader's belief in the characters (1 for a zone that came as text).
    """

    format: Format
    lines: tuple[str, ...]
    values: Mapping[str, str]
    checks: tuple[Check, ...]
    confidence_01: float = 1.0

    @property
    def check_digits_ok(self) -> bool:
        """Say whether every check digit agrees."""
        return all(check.ok for check in self.checks)

    @property
    def wrong_check_digits(self) -> tuple[str, ...]:
        """Name the check digits that disagree, by the field they guard."""
        return tuple(check.name for check in self.checks if not check.ok)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Give the zone's values as fields of the public contract, by `fields_of`."""
        return fields_of(self)


def _two_lines(layout: Format, width: int, *, optional_to: int, composite: bool) -> Layout:
    """Describe the formats that share the passport's second line."""
    number, birth, expiry = Span(1, 0, 9), Span(1, 13, 19), Span(1, 21, 27)
    optional = Span(1, 28, optional_to)
    spans = {
        "document_code": Span(0, 0, 2),
        "issuer": Span(0, 2, 5),
        "name": Span(0, 5, width),
        "document_number": number,
        "nationality": Span(1, 10, 13),
        "date_of_birth": birth,
        "sex": Span(1, 20, 21),
        "expiry_date": expiry,
        "optional": optional,
    }
    rules = [
        DigitRule("document_number", 1, 9, (number,)),
        DigitRule("date_of_birth", 1, 19, (birth,)),
        DigitRule("expiry_date", 1, 27, (expiry,)),
    ]
    if layout == "TD3":
        rules.append(DigitRule("optional", 1, 42, (optional,), may_be_blank=True))
    if composite:
        covered = (Span(1, 0, 10), Span(1, 13, 20), Span(1, 21, width - 1))
        rules.append(DigitRule("composite", 1, width - 1, covered))
    return Layout(layout, 2, width, spans, tuple(rules))


_TD1 = Layout(
    "TD1",
    3,
    30,
    {
        "document_code": Span(0, 0, 2),
        "issuer": Span(0, 2, 5),
        "document_number": Span(0, 5, 14),
        "optional": Span(0, 15, 30),
        "date_of_birth": Span(1, 0, 6),
        "sex": Span(1, 7, 8),
        "expiry_date": Span(1, 8, 14),
        "nationality": Span(1, 15, 18),
        "optional_2": Span(1, 18, 29),
        "name": Span(2, 0, 30),
    },
    (
        DigitRule("document_number", 0, 14, (Span(0, 5, 14),)),
        DigitRule("date_of_birth", 1, 6, (Span(1, 0, 6),)),
        DigitRule("expiry_date", 1, 14, (Span(1, 8, 14),)),
        DigitRule("composite", 1, 29, (Span(0, 5, 30), Span(1, 0, 7), Span(1, 8, 15), Span(1, 18, 29))),
    ),
)
LAYOUTS: Mapping[Format, Layout] = {
    "TD3": _two_lines("TD3", 44, optional_to=42, composite=True),
    "TD2": _two_lines("TD2", 36, optional_to=35, composite=True),
    "TD1": _TD1,
    "MRV-A": _two_lines("MRV-A", 44, optional_to=44, composite=False),
    "MRV-B": _two_lines("MRV-B", 36, optional_to=36, composite=False),
}


def check_digit(text: str) -> str:
    """Compute the check digit over A-Z, 0-9 and `<`: weights 7, 3, 1, modulo 10 (ICAO 9303-3 §4.9).

    Raises:
        KeyError: `text` has a character that no zone may hold.
    """
    return str(sum(_VALUES[character] * _WEIGHTS[at % 3] for at, character in enumerate(text)) % 10)


def layout_of(*, line_count: int, width: int, first: str) -> Layout | None:
    """Find the format of so many lines of such a width; `first` is the first character (V: a visa)."""
    for layout in LAYOUTS.values():
        is_visa = layout.format.startswith("MRV")
        if (layout.line_count, layout.width, is_visa) == (
            line_count,
            width,
            first == "V" and line_count == 2,
        ):
            return layout
    return None


def alphabet_at(layout: Layout, line: int, column: int) -> str:
    """Say which characters may stand at a position (both counted from 0)."""
    for rule in layout.rules:
        if (rule.line, rule.column) == (line, column):
            return _DIGITS + "<" if rule.may_be_blank or rule.name == "document_number" else _DIGITS
    for name, span in layout.spans.items():
        if span.line == line and span.start <= column < span.stop:
            return _ALPHABETS.get(name, _ANY)
    return _ANY


def parse(lines: Sequence[str], *, confidence_01: float = 1.0) -> MachineZone | None:
    """Take a zone apart; None when no format has such lines or a character that no zone may hold."""
    widths = {len(line) for line in lines}
    if len(widths) != 1 or not set("".join(lines)) <= _VALUES.keys() or not lines[0]:
        return None
    layout = layout_of(line_count=len(lines), width=widths.pop(), first=lines[0][0])
    if layout is None:
        return None
    checks = tuple(Check(rule.name, agrees(rule, layout, lines)) for rule in layout.rules)
    return MachineZone(layout.format, tuple(lines), _values(layout, lines), checks, confidence_01)


def fields_of(zone: MachineZone, *, born_by: dt.date | None = None) -> tuple[Field, ...]:
    """Give a zone's values under the public contract's names, dates in ISO form, empty ones left out.

    `born_by` is the last day on which the holder can have been born: today, where it is known. Without it the
    day of expiry stands in: that may put the birth of whoever is over ninety into this century, but never
    takes a child for an adult.
    """
    expiry = machine_date(zone.values["expiry_date"], meaning="expiry", today=dt.date.max)
    latest = born_by or expiry
    birth = machine_date(zone.values["date_of_birth"], meaning="birth", today=latest) if latest else None
    dates = {"date_of_birth": birth, "expiry_date": expiry}
    found = {name: zone.values[name] for name in _PUBLIC} | {
        name: date.isoformat() for name, date in dates.items() if date is not None
    }
    return tuple(Field(name, value, zone.confidence_01) for name, value in found.items() if value)


def seal(layout: Layout, lines: Sequence[str]) -> tuple[str, ...]:
    """Write the right check digits into a zone's lines, whatever stood in their places."""
    sealed = [list(line) for line in lines]
    for rule in layout.rules:
        covered = "".join("".join(sealed[span.line][span.start : span.stop]) for span in rule.over)
        sealed[rule.line][rule.column] = check_digit(covered)
    return tuple("".join(line) for line in sealed)


def agrees(rule: DigitRule, layout: Layout, lines: Sequence[str]) -> bool:
    """Put one check digit of a zone to the test."""
    covered = "".join(span.of(lines) for span in rule.over)
    printed = lines[rule.line][rule.column]
    if printed == "<":
        long = _long_number(layout, lines) if rule.name == "document_number" else None
        if long is not None:
            return check_digit(long[:-1]) == long[-1]
        return rule.may_be_blank and not covered.strip("<")
    return printed == check_digit(covered)


def _long_number(layout: Layout, lines: Sequence[str]) -> str | None:
    """Join a document number of more than nine characters, its check digit last (9303-5 §4.2.4)."""
    if layout.format != "TD1":
        return None
    rest = layout.spans["optional"].of(lines).split("<")[0]
    return layout.spans["document_number"].of(lines) + rest if len(rest) >= 2 else None


def _values(layout: Layout, lines: Sequence[str]) -> dict[str, str]:
    fields = {name: span.of(lines).rstrip("<") for name, span in layout.spans.items() if name != "name"}
    family_name, _, given_names = layout.spans["name"].of(lines).rstrip("<").partition("<<")
    long = _long_number(layout, lines)
    if long is not None and lines[0][14] == "<":
        fields["document_number"] = long[:-1]
    # Two fillers part primary and secondary identifier; further ones are spaces (9303-3 §4.6).
    return fields | {
        "family_name": " ".join(family_name.replace("<", " ").split()),
        "given_names": " ".join(given_names.replace("<", " ").split()),
    }
