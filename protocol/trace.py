"""W3C Trace Context: by which trace everything that one wish set off is found again, in whatever process.

A caller's `traceparent` begins a trace. What belongs to no caller's trace belongs to its case's own, whose id
is the case's id: every process names it alike, nobody has to be asked, and a case's number finds its logs.
An event is a span of its trace: its span id is the end of its own id, so that a repeat is the same span.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final
from uuid import UUID

__all__ = ["of_event", "of_subject", "parse", "trace_id"]

# https://www.w3.org/TR/trace-context-1/#traceparent-header; `ff` and ids of zeros only are forbidden there.
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
)
_LENGTH: Final = 55
_VERSION: Final = "00"
# "Sampled": the journal keeps every event of ours.
_KEPT: Final = "01"


def parse(header: str) -> str:
    """Read a caller's `traceparent` of any version as one of ours, version 00; "" where it is none."""
    text = header.strip()
    found, more = _TRACEPARENT.fullmatch(text[:_LENGTH]), text[_LENGTH:]
    # Version 00 ends here; a later one may go on after a dash.
    if found is None or (more and (text.startswith(_VERSION) or not more.startswith("-"))):
        return ""
    return f"{_VERSION}-{found['trace']}-{found['span']}-{found['flags']}"


def trace_id(traceparent: str) -> str:
    """Give the 32 hex digits of a trace; "" of none."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return "" if found is None else found["trace"]


def of_subject(subject: str) -> str:
    """Begin the own trace of a case, or of whatever else events' order is kept by."""
    identity = _bytes16(subject)
    return f"{_VERSION}-{identity.hex()}-{identity[8:].hex()}-{_KEPT}"


def of_event(parent: str, *, event_id: UUID, subject: str) -> str:
    """Place an event in the trace of what caused it, as a span of its own.

    Args:
        parent: the cause's traceparent; "": the event belongs to its subject's own trace.
        event_id: the event's.
        subject: the case or client it is about.
    """
    found = _TRACEPARENT.fullmatch(parent or of_subject(subject))
    if found is None:
        return of_event("", event_id=event_id, subject=subject)
    return f"{_VERSION}-{found['trace']}-{event_id.bytes[8:].hex()}-{found['flags']}"


def _bytes16(subject: str) -> bytes:
    """Give an identifier's own 16 bytes; what is no UUID has a digest that stands for it."""
    try:
        return UUID(subject).bytes
    except ValueError:
        return hashlib.sha256(subject.encode()).digest()[:16]
