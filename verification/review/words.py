"""Plain words for staff: labels of codes, and how moments, sizes and sums are written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from protocol.ids import from_us
from protocol.problems import PROBLEMS
from protocol.reasons import REASONS

__all__ = ["badge", "clock", "duration", "label", "listed", "megabytes", "reason", "refusal", "tone"]

_LABELS = {
    "document_front": "Front of the document",
    "document_back": "Back of the document",
    "face_video": "Clip of the face",
    "face_photo": "Photo of the face",
    "uk_driving_licence": "UK driving licence",
    "mrz": "Machine-readable zone",
    "register": "Licence register",
    "licence_register": "Licence register",
    "ghost_match": "Ghost image against portrait",
    "email": "E-mail",
}

_TONES = {
    "good": ("clear", "approve", "matches"),
    "warn": ("caution", "refer", "in_review", "differs", "not_read"),
    "bad": ("suspected", "rejected", "decline"),
    "info": ("checking", "waiting", "open", "not_ended", "test"),
}
_TONE_OF = {word: tone for tone, words in _TONES.items() for word in words}


def label(code: str) -> str:
    """Write a code as words: "given_names" is "Given names"."""
    return _LABELS.get(code) or code.replace("_", " ").capitalize()


def listed(codes: Iterable[str]) -> str:
    """Write codes as a list in words, small letters; empty: "nothing"."""
    return ", ".join(label(code)[0].lower() + label(code)[1:] for code in codes) or "nothing"


def tone(code: str) -> str:
    """Tell in which tone a status is shown: good, warn, bad, info or mute; its words are shown too."""
    return _TONE_OF.get(code, "mute")


def badge(code: str, words: str = "") -> SafeString:
    """Show a status in its tone; `words` in place of the code's own label."""
    return format_html(
        '<span class="vouch-badge vouch-{}">{}</span>', tone(code), words.capitalize() or label(code)
    )


def reason(code: str) -> str:
    """Give the staff's text of a reason; a code that this build does not know is shown as it is."""
    known = REASONS.get(code)
    return known.staff_text if known else label(code)


def refusal(code: str) -> str:
    """Give the title of a problem with which a file was refused."""
    known = PROBLEMS.get(code)
    return known.title if known else label(code)


def clock(moment: datetime | int) -> str:
    """Write a moment (aware, or microseconds since 1970; 0: it did not happen) in UTC."""
    if moment == 0:
        return "never"
    at = from_us(moment) if isinstance(moment, int) else moment
    return f"{at:%-d %b %Y %H:%M:%S} UTC"


def duration(us: int) -> str:
    """Write a span of microseconds as seconds, minutes or days."""
    seconds = us / 1_000_000
    if abs(seconds) < 120:
        return f"{seconds:.2f} s"
    if abs(seconds) < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if abs(seconds) < 172_800 else f"{seconds / 86_400:.0f} days"


def megabytes(size: int) -> str:
    """Write a number of bytes."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} kB"
