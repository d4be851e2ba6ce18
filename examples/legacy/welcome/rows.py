"""The service's rows: each account's letter as we would write it, and who has sent what of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from examples.legacy.language.streams import BANK
from examples.legacy.welcome.letter import Letter, digest_of
from subscriber import Row, Store, Value

__all__ = [
    "Account",
    "Executes",
    "accounts",
    "letters_by",
    "note_handover",
    "note_opened",
    "note_sent",
    "prepare",
]

_ACCOUNTS = """
    CREATE TABLE IF NOT EXISTS accounts (
        account TEXT PRIMARY KEY, customer TEXT NOT NULL DEFAULT '', letter_by TEXT NOT NULL DEFAULT '',
        template TEXT NOT NULL DEFAULT '', text TEXT NOT NULL DEFAULT '',
        bank_template TEXT NOT NULL DEFAULT '', bank_digest TEXT NOT NULL DEFAULT '',
        our_digest TEXT NOT NULL DEFAULT ''
    )
"""
_HANDOVER = "CREATE TABLE IF NOT EXISTS handover (one INTEGER PRIMARY KEY, letters_by TEXT NOT NULL)"


class Executes(Protocol):
    """A store, or a handler's context."""

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account's letter; a part that is not known yet is empty.

    `letter_by` says who has to send it. `bank_template` and `bank_digest` are the letter that the bank sent,
    `our_digest` is the one that we sent.
    """

    account: str
    customer: str
    letter_by: str
    letter: Letter
    bank_template: str
    bank_digest: str
    our_digest: str

    @property
    def left(self) -> bool:
        """The bank has to send it, and nobody has."""
        return self.letter_by == BANK and not self.bank_digest and not self.our_digest

    @property
    def compared(self) -> bool:
        """The bank has sent it, and we know what we would have sent."""
        return bool(self.letter_by and self.bank_digest)

    @property
    def differs(self) -> bool:
        """We would have sent another letter than the bank."""
        return self.compared and self.bank_digest != digest_of(self.letter.text)


def prepare(store: Store) -> None:
    """Make the tables where there are none."""
    with store.transaction():
        store.execute(_ACCOUNTS)
        store.execute(_HANDOVER)


def note_opened(rows: Executes, account: str, customer: str, letter_by: str, letter: Letter) -> None:
    """Note an account and the letter that it should get."""
    rows.execute(
        "INSERT INTO accounts (account, customer, letter_by, template, text) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (account) DO UPDATE SET customer = excluded.customer, letter_by = excluded.letter_by, "
        "template = excluded.template, text = excluded.text",
        (account, customer, letter_by, letter.template, letter.text),
    )


def note_sent(rows: Executes, account: str, by: str, template: str, digest: str) -> None:
    """Note that a letter was sent, whether or not its account is known yet."""
    if by == BANK:
        rows.execute(
            "INSERT INTO accounts (account, bank_template, bank_digest) VALUES (?, ?, ?) "
            "ON CONFLICT (account) DO UPDATE SET "
            "bank_template = excluded.bank_template, bank_digest = excluded.bank_digest",
            (account, template, digest),
        )
    else:
        rows.execute(
            "INSERT INTO accounts (account, our_digest) VALUES (?, ?) ON CONFLICT (account) "
            "DO UPDATE SET our_digest = excluded.our_digest",
            (account, digest),
        )


def note_handover(rows: Executes, to: str) -> None:
    """Note who sends the letters of accounts opened from here on."""
    rows.execute(
        "INSERT INTO handover VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET letters_by = excluded.letters_by",
        (to,),
    )


def letters_by(rows: Executes) -> str:
    """Tell who sends them now: the bank, until it says otherwise."""
    found = rows.execute("SELECT letters_by FROM handover")
    return str(found[0][0]) if found else BANK


def accounts(rows: Executes, account: str | None = None) -> list[Account]:
    """Read accounts in order; None: all of them."""
    sql = (
        "SELECT account, customer, letter_by, template, text, bank_template, bank_digest, our_digest "
        "FROM accounts"
    )
    found = (
        rows.execute(f"{sql} ORDER BY account")
        if account is None
        else rows.execute(f"{sql} WHERE account = ?", (account,))
    )
    return [
        Account(name, customer, by, Letter(template, text), bank_template, bank_digest, ours)
        for name, customer, by, template, text, bank_template, bank_digest, ours in found
    ]
