"""Reads the numbered fields of a UK photocard licence; what cannot be read is left out, never made up."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from verification.vision.dates import printed_dates
from verification.vision.driver_number import TITLES, agrees_with, repair
from verification.vision.fields import Field
from verification.vision.licence_rows import Label, Row, page_words, read_again, rows_of
from verification.vision.postcode import with_postcode
from verification.vision.text import Word

__all__ = ["LicenceText", "fields_from", "fixed_texts", "page_words", "read_licence"]

Bgr = NDArray[np.uint8]
_SURE_01 = 0.5  # below it a word of a name or an address counts as unread
_LEAST_01 = 0.2  # below it a field of the right form is still left out
_ZOOMS = (1.0, 1.6)  # of a crop that is read again: once as it is, once larger
_NAME = re.compile(r"[A-Z][A-Z'\u2019-]*")
_AUTHORITY = re.compile(r"\bDVL?A\b")  # Great Britain: DVLA; Northern Ireland: DVA
_FIXED_TEXTS = ("DRIVING LICENCE", "UNITED KINGDOM")
_Readings = dict[str, tuple[Field, ...]]
_Found = tuple[str, Sequence[Word]] | None  # a value in the contract's form and the words it was read from


class LicenceText(NamedTuple):
    """What is printed on a licence: its holder's fields and the texts that every licence of its class has."""

    fields: tuple[Field, ...]
    fixed_texts: tuple[str, ...]


def read_licence(page_bgr: Bgr) -> LicenceText:
    """Read a rectified licence, (1010, 1600, 3) BGR uint8, with one look at its text block."""
    words = page_words(page_bgr)
    return LicenceText(fields_from(page_bgr, words), fixed_texts(words))


def fixed_texts(words: Sequence[Word]) -> tuple[str, ...]:
    """Say which of `DRIVING LICENCE` and `UNITED KINGDOM` the page says; a first letter may be lost."""
    text = " ".join(word.text.upper() for word in words)
    return tuple(fixed for fixed in _FIXED_TEXTS if fixed[1:] in text)


def fields_from(page_bgr: Bgr, words: Sequence[Word]) -> tuple[Field, ...]:
    """Give the fields that `words` (of `page_words`) hold.

    Names: family_name, given_names (without title), date_of_birth, issue_date, expiry_date, authority,
    driver_number (16 characters), address. A field that is not of its form, or disagrees with the driver
    number, is read again from its own crop; of all its readings those are kept that agree best, and what is
    never of its form is left out.
    """
    rows = rows_of(words)
    readings: _Readings = {name: _read(name, rows, _ROW_OF[name]) for name in _ROW_OF}
    for zoom in _ZOOMS:
        for name in _doubtful(readings):
            again = _again(page_bgr, rows, _ROW_OF[name], zoom)
            readings[name] = (*readings[name], *_read(name, again, _ROW_OF[name]))
    agreeing = _most_agreeing(readings)
    surest = {name: max(found, key=_confidence) for name, found in readings.items() if found}
    return tuple(field for field in (surest | agreeing).values() if field.confidence_01 >= _LEAST_01)


def _read(name: str, rows: Mapping[Label, tuple[Row, ...]], label: Label) -> tuple[Field, ...]:
    """Read one field from its row: one reading, or none where the print is not of its form."""
    found = _FORMS[name](rows.get(label, ()))
    if found is None:
        return ()
    value, words = found
    print_of_it = Row(tuple(words))
    return (Field(name, value, print_of_it.confidence_01, print_of_it.box),)


def _again(
    page_bgr: Bgr, rows: Mapping[Label, tuple[Row, ...]], label: Label, zoom: float
) -> dict[Label, tuple[Row, ...]]:
    lines = tuple(read_again(page_bgr, row, zoom) for row in rows.get(label, ()))
    return {label: tuple(line for line in lines if line.words)}


def _doubtful(readings: _Readings) -> set[str]:
    """Name the fields not read surely, and those on which driver number and print disagree."""
    unsure = {
        name for name, found in readings.items() if not found or max(map(_confidence, found)) < _SURE_01
    }
    if not all(readings[name] for name in _COMPARED_ORDER):
        return unsure
    disagreeing = _disagreeing(*(readings[name][-1] for name in _COMPARED_ORDER))
    return unsure | disagreeing | ({"driver_number"} if disagreeing else set())


def _most_agreeing(readings: _Readings) -> dict[str, Field]:
    """Choose those readings of number, names and birth date that disagree least, then the surest."""

    def rank(chosen: tuple[Field, ...]) -> tuple[int, float]:
        return len(_disagreeing(*chosen)), -sum(map(_confidence, chosen))

    best = min(product(*(readings[name] for name in _COMPARED_ORDER)), key=rank, default=())
    return {field.name: field for field in best}


def _confidence(field: Field) -> float:
    return field.confidence_01


def _disagreeing(number: Field, family_name: Field, given_names: Field, born: Field) -> set[str]:
    day = dt.date.fromisoformat(born.value)
    return set(agrees_with(number.value, family_name.value, given_names.value, day))


def _name(rows: Sequence[Row]) -> _Found:
    """Read capital words; one that is no name and no speck of dirt makes the row unread."""
    words = [word for word in _first(rows) if word.confidence_01 >= _SURE_01 or len(word.text) > 2]
    texts = [word.text.strip(".,:;|") for word in words]
    if any(word.confidence_01 < _SURE_01 for word in words) or not all(map(_NAME.fullmatch, texts)):
        return None
    return (" ".join(texts), words) if texts else None


def _given_names(rows: Sequence[Row]) -> _Found:
    found = _name(rows)
    if found is None or found[1][0].text.strip(".") not in TITLES or len(found[1]) == 1:
        return found
    return found[0].partition(" ")[2], found[1][1:]


def _date(rows: Sequence[Row]) -> _Found:
    """Find the first date; it may have been read as several words."""
    words = _first(rows)
    for count in range(1, len(words) + 1):
        dates = printed_dates(" ".join(word.text for word in words[:count]))
        if dates:
            return dates[0].isoformat(), words[:count]
    return None


def _authority(rows: Sequence[Row]) -> _Found:
    for word in _first(rows):
        match = _AUTHORITY.search(word.text.upper())
        if match:
            return match[0], (word,)
    return None


def _number(rows: Sequence[Row]) -> _Found:
    """Find the number at the row's start: its 16 characters may have been read as several words."""
    words, text = _first(rows), ""
    for count, word in enumerate(words, 1):
        text += word.text
        number = repair(text[:16])
        if number:
            return number, words[:count]
    return None


def _address(rows: Sequence[Row]) -> _Found:
    """Join the address's lines; an address whose end is no postcode counts as not of its form."""
    lines = [[word for word in row.words if _is_print(word)] for row in rows]
    text = ", ".join(" ".join(word.text for word in line).strip(" .,:;|") for line in lines)
    text = re.sub(r"^(\d+)(?=[A-Z]{2})", r"\1 ", text)
    address = with_postcode(text)
    return (address, [word for line in lines for word in line]) if address else None


def _first(rows: Sequence[Row]) -> tuple[Word, ...]:
    return rows[0].words if rows else ()


def _is_print(word: Word) -> bool:
    return any(map(str.isalnum, word.text)) and (word.confidence_01 >= _SURE_01 or len(word.text) > 1)


_FORMS: Mapping[str, Callable[[Sequence[Row]], _Found]] = {
    "family_name": _name,
    "given_names": _given_names,
    "date_of_birth": _date,
    "issue_date": _date,
    "expiry_date": _date,
    "authority": _authority,
    "driver_number": _number,
    "address": _address,
}
_ROW_OF: Mapping[str, Label] = {
    "family_name": "1",
    "given_names": "2",
    "date_of_birth": "3",
    "issue_date": "4a",
    "expiry_date": "4b",
    "authority": "4a",
    "driver_number": "5",
    "address": "8",
}
_COMPARED_ORDER = ("driver_number", "family_name", "given_names", "date_of_birth")
