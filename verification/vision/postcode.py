"""The end of a British address: a postcode, its look-alikes put into the alphabets of their positions."""

from __future__ import annotations

import re

__all__ = ["with_postcode"]

# Outward code: one or two letters, a digit, perhaps one more of either; inward code: a digit and two letters
# (BS 7666 as the Royal Mail uses it).
_END = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?) ([A-Z\d]{3,4})$")
_INWARD = re.compile(r"\d[A-Z]{2}")
_AS_DIGIT = str.maketrans("OQDILZSBG", "000112586")
_AS_LETTER = str.maketrans("01258", "OIZSB")
# Between two look-alikes Tesseract at times prints both: 9ZT becomes 92ZT.
_DOUBLED = re.compile(r"2(?=Z)|0(?=O)|1(?=I)|5(?=S)|8(?=B)")


def with_postcode(address: str) -> str | None:
    """Return the address with its postcode put right; None when it does not end in one."""
    match = _END.search(address)
    if match is None:
        return None
    inward = match[2] if len(match[2]) == 3 else match[2][0] + _DOUBLED.sub("", match[2][1:], count=1)
    fitted = inward[:1].translate(_AS_DIGIT) + inward[1:].translate(_AS_LETTER)
    return address[: match.start(2)] + fitted if _INWARD.fullmatch(fitted) else None
