"""The bank's catalogue: `use(STREAMS)` comes first in each of its processes and of its services."""

from __future__ import annotations

from typing import Final

from examples.legacy.language import accounts_v1_pb2 as accounts
from protocol.catalogue import Stream

__all__ = ["BANK", "CAPABILITY", "STREAMS", "WELCOME"]

BANK: Final = "bank"
WELCOME: Final = "welcome"
# What the events are about that concern the capability itself.
CAPABILITY: Final = "welcome-letters"

STREAMS: Final = (
    Stream(
        name="accounts.account",
        key="account",
        owner=BANK,
        producers=(BANK,),
        consumers=(WELCOME,),
        meaning="Accounts that were opened.",
        messages=(accounts.AccountOpened,),
    ),
    Stream(
        name="accounts.letter",
        key="account",
        owner=BANK,
        producers=(BANK, WELCOME),
        consumers=(WELCOME,),
        meaning="Welcome letters: due, sent, and who sends those of the accounts to come.",
        messages=(accounts.WelcomeLetterDue, accounts.WelcomeLetterSent, accounts.LettersHandedOver),
    ),
)
