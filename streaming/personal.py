"""Personal values of records: sealed beside the record, put in at the edge for those who may see them."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode

from events.errors import Erased
from events.sealing import Sealed, sealed_field
from protocol.envelope import Event
from streaming.words import Form, Json, Personal, encode

__all__ = ["fill", "seal_parts"]


def seal_parts(event: Event, parts: tuple[Personal, ...]) -> bytes:
    """Write the sealed values of a record with their places, as JSON; empty when there is none."""
    if not parts:
        return b""
    return json.dumps(
        [
            {
                "at": list(part.at),
                "form": part.form.value,
                "sealed": b64encode(bytes(sealed_field(event, part.path))).decode(),
            }
            for part in parts
        ],
        separators=(",", ":"),
    ).encode()


def fill(body: bytes, personal: bytes) -> bytes:
    """Put the opened values of a record into its public JSON; erased, its data say `{"erased": true}`.

    Raises:
        KeysAway: the key store does not answer: wait, and ask again.
    """
    record = json.loads(body)
    try:
        for part in json.loads(personal):
            *way, last = part["at"]
            place = record["data"]
            for key in way:
                place = place[key]
            place[last] = _opened(b64decode(part["sealed"]), Form(part["form"]))
    except Erased:
        record["data"] = {"erased": True}
    return encode(record)


def _opened(sealed: bytes, form: Form) -> Json:
    text = Sealed.from_bytes(sealed).open().decode()
    return [*text.split("\n")] if form is Form.LINES else text
