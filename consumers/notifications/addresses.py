"""What a person wrote as their address, as a server takes it; or nothing, when no server would."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["email_address", "phone_number"]

# Narrower than RFC 5321 on purpose: no quoted local parts, no address literals, nothing that ends a header.
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{1,62}")
_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST: Final = 254


def email_address(said: bytes) -> str | None:
    """Read an e-mail address, its domain in the form of DNS; None: no server of ours would take it."""
    local, at, domain = said.decode(errors="replace").strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        return None
    address = f"{local}{at}{domain}"
    fits = len(address) <= _LONGEST and len(local) <= 64
    return address if fits and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain) else None


def phone_number(said: bytes) -> str | None:
    """Read a telephone number of ITU-T E.164, "+447700900123"; None: it is no international number."""
    number = re.sub(r"[\s().-]", "", said.decode(errors="replace"))
    number = f"+{number[2:]}" if number.startswith("00") else number
    return number if _PHONE.fullmatch(number) else None
