"""The welcome letter, as it always was: its text, and the call to the print house. Step 5 deletes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from examples.legacy.bank import settings

if TYPE_CHECKING:
    from examples.legacy.bank.models import Account

__all__ = ["send"]

_WITHIN_S = 5


def send(account: Account) -> tuple[str, str]:
    """Have a welcome letter sent; the same account's again is not sent again.

    Returns:
        Which letter, and its text.

    Raises:
        OSError: the print house does not answer, or does not take it.
    """
    template, text = _written(account)
    letter = {"customer": account.customer, "template": template, "text": text}
    headers = {"Content-Type": "application/json", "User-Agent": "bank"}
    # The print house's own protection against a browser's second click; the service will use the same key.
    headers["Idempotency-Key"] = f"welcome-{account.reference}"
    request = Request(f"{settings.POST_URL}/letters", json.dumps(letter).encode(), headers)
    with urlopen(request, timeout=_WITHIN_S):
        return template, text


def _written(account: Account) -> tuple[str, str]:
    limit = f"{account.daily_limit_pence / 100:.2f}"
    opening = f"Your account {account.reference} is open. You may spend {limit} pounds a day."
    if account.product == "student":
        return "student", f"Welcome, and good luck with your studies! {opening}"
    if account.deposit_pence >= 100_000:
        return "premium", f"Welcome. {opening} Your adviser will telephone you."
    return "standard", f"Welcome. {opening}"
