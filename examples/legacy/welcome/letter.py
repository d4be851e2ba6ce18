"""What a letter says: written anew from the rules; the comparison tells whether they were understood."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from examples.legacy.language.accounts_v1_pb2 import AccountOpened

__all__ = ["Letter", "digest_of", "letter_for"]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter: which one, and its text."""

    template: str
    text: str


def letter_for(reference: str, opened: AccountOpened, *, premium_from_pence: int) -> Letter:
    """Write an account's welcome letter; a deposit of `premium_from_pence` or more gets the premium one."""
    limit = f"{opened.daily_limit_pence / 100:.2f}"
    opening = f"Your account {reference} is open. You may spend {limit} pounds a day."
    if opened.product == "student":
        return Letter("student", f"Welcome, and good luck with your studies! {opening}")
    if opened.deposit_pence >= premium_from_pence:
        return Letter("premium", f"Welcome. {opening} Your adviser will telephone you.")
    return Letter("standard", f"Welcome. {opening}")


def digest_of(text: str) -> str:
    """Give the digest by which letters are compared: no event but the one that is sent carries a text."""
    return sha256(text.encode()).hexdigest()
