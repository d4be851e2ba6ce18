r"""Entries and heads as lines of JSON: one spelling for each value, so that any change of a byte is a change.

A line holds its members in the order of their fields, without spaces; letters beyond ASCII are \u escapes,
hashes, keys and signatures lower-case hex digits. An export begins with `HEADER`, and each further line is an
entry with its `hash`.
"""

from __future__ import annotations

import json
from typing import Final

from consumers.audit.entries import FIELDS, Entry
from consumers.audit.errors import WrongFile
from consumers.audit.heads import Head
from consumers.audit.log import Kept

__all__ = ["HEADER", "head_line", "line_of", "read_head", "read_line"]

HEADER: Final = '{"vouch_audit_export":1}'
_NUMBERS: Final = frozenset(name for name in FIELDS if name in {"number", "position"} or name.endswith("_us"))


def line_of(kept: Kept) -> str:
    """Write an entry and its hash."""
    return _dump({**kept.entry._asdict(), "hash": kept.hash.hex()})


def read_line(line: str) -> Kept:
    """Read an entry and its hash.

    Raises:
        WrongFile: it is not exactly what `line_of` writes of it.
    """
    found = _load(line)
    values = [_number(found, name) if name in _NUMBERS else _text(found, name) for name in FIELDS]
    kept = Kept(Entry._make(values), _hex(found, "hash"))
    _require_same(line, line_of(kept))
    return kept


def head_line(head: Head) -> str:
    """Write a head."""
    return _dump({n: v.hex() if isinstance(v, bytes) else v for n, v in head._asdict().items()})


def read_head(line: str) -> Head:
    """Read a head; whether its signature holds is another question.

    Raises:
        WrongFile: it is not exactly what `head_line` writes of it.
    """
    found = _load(line)
    head = Head(
        entries=_number(found, "entries"),
        hash=_hex(found, "hash"),
        epoch=_text(found, "epoch"),
        position=_number(found, "position"),
        signed_at_us=_number(found, "signed_at_us"),
        public_key=_hex(found, "public_key"),
        signature=_hex(found, "signature"),
    )
    _require_same(line, head_line(head))
    return head


def _dump(members: dict[str, object]) -> str:
    return json.dumps(members, separators=(",", ":"))


def _load(line: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise WrongFile("it is no JSON") from None
    if not isinstance(found, dict):
        raise WrongFile("it is no JSON object")
    return found


def _text(found: dict[str, object], name: str) -> str:
    value = found.get(name)
    # Half a surrogate pair, which JSON can spell, is no text: it has no bytes.
    if not isinstance(value, str) or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise WrongFile(f"it has no text {name}")
    return value


def _number(found: dict[str, object], name: str) -> int:
    value = found.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrongFile(f"it has no whole number {name}")
    return value


def _hex(found: dict[str, object], name: str) -> bytes:
    try:
        return bytes.fromhex(_text(found, name))
    except ValueError:
        raise WrongFile(f"its {name} is not in hex digits") from None


def _require_same(line: str, ours: str) -> None:
    if line != ours:
        raise WrongFile("it is not spelt as the log spells it")
