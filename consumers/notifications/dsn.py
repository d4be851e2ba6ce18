"""Reads what a mail server says about a message that it could not deliver (RFC 3464)."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import NamedTuple

__all__ = ["Bounce", "read"]

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ID = re.compile(r"<([^<>\s]+)>")


class Bounce(NamedTuple):
    """Which message came back, by its id without angle brackets, and the status of RFC 3463, "5.1.1"."""

    message_id: str
    reason: str


def read(data: bytes) -> Bounce | None:
    """Read a delivery status notification; None: nothing has failed for good, or it names no message.

    Of its text nothing is kept: it may quote an address.
    """
    message = message_from_bytes(data, policy=compat32)
    status, message_id = "", ""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            status = status or _failed(part)
        elif kind in {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}:
            message_id = message_id or _original_id(part)
    return Bounce(message_id, status) if status and message_id else None


def _failed(part: Message) -> str:
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Message) and str(block.get("Action", "")).strip().lower() == "failed":
            found = _STATUS.search(str(block.get("Status", "")))
            return found[0] if found else "5.0.0"
    return ""


def _original_id(part: Message) -> str:
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        header = str(inner[0].get("Message-ID", ""))
    else:
        text = part.get_payload(decode=True)
        header = str(message_from_bytes(text if isinstance(text, bytes) else b"").get("Message-ID", ""))
    found = _ID.search(header)
    return found[1] if found else ""
