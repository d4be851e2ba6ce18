"""What is known of a case: where its applicant can be reached, as ciphertext, and in which language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from consumers.notifications.messages import Channel
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as verification
from protocol.sealing import Place, find
from subscriber import Context, Store

__all__ = ["Case", "case_of", "opened", "prepare", "withdrawn"]

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS notification_case (
        case_id TEXT PRIMARY KEY, event_id TEXT NOT NULL, applicant TEXT NOT NULL, email BLOB NOT NULL,
        phone BLOB NOT NULL, locale TEXT NOT NULL, time_zone TEXT NOT NULL, live INTEGER NOT NULL,
        withdrawn INTEGER NOT NULL
    )
"""
_FIELDS: Final = {Channel.EMAIL: "claimed.email", Channel.SMS: "claimed.phone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as it was opened; the addresses are ciphertext of the event."""

    event_id: UUID
    applicant: str
    email: bytes
    phone: bytes
    locale: str
    time_zone: str
    live: bool
    withdrawn: bool

    @property
    def known(self) -> bool:
        """Its opening has been seen."""
        return self.event_id.int != 0

    def sealed(self, channel: Channel) -> tuple[bytes, Place]:
        """Give the ciphertext of the address for a channel, and where it was sealed; empty: none was said."""
        value = self.phone if channel is Channel.SMS else self.email
        path = find(verification.CaseOpened(), _FIELDS[channel]).path
        return value, Place(self.event_id, verification.CaseOpened.DESCRIPTOR.full_name, path)


def prepare(store: Store) -> None:
    """Make the table where there is none."""
    with store.transaction():
        store.execute(_TABLE)


def opened(event: Event, said: verification.CaseOpened, ctx: Context) -> None:
    """Keep what a case's opening says of whom to tell."""
    e, email, phone = event.envelope, said.claimed.email, said.claimed.phone
    ctx.execute(
        "INSERT INTO notification_case VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (case_id) DO UPDATE "
        "SET event_id = excluded.event_id, applicant = excluded.applicant, email = excluded.email, "
        "phone = excluded.phone, locale = excluded.locale, time_zone = excluded.time_zone, "
        "live = excluded.live",
        (
            *(e.subject, str(e.id), e.applicant, email, phone),
            *(said.claimed.locale, said.time_zone, int(said.live)),
        ),
    )


def withdrawn(event: Event, ctx: Context) -> None:
    """Note that nobody is to be told anything more of a case."""
    ctx.execute(
        "INSERT INTO notification_case VALUES (?, ?, '', ?, ?, '', '', 0, 1) "
        "ON CONFLICT (case_id) DO UPDATE SET withdrawn = 1",
        (event.envelope.subject, str(UUID(int=0)), b"", b""),
    )


def case_of(subject: str, ctx: Context) -> Case | None:
    """Read a case; None: nothing of it has been seen."""
    rows = ctx.execute(
        "SELECT event_id, applicant, email, phone, locale, time_zone, live, withdrawn "
        "FROM notification_case WHERE case_id = ?",
        (subject,),
    )
    if not rows:
        return None
    event_id, applicant, email, phone, locale, time_zone, live, off = rows[0]
    return Case(
        event_id=UUID(event_id),
        applicant=applicant,
        email=bytes(email),
        phone=bytes(phone),
        locale=locale,
        time_zone=time_zone,
        live=bool(live),
        withdrawn=bool(off),
    )
