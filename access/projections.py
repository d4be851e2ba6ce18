"""Applies events to the tables of who may; the same functions rebuild them."""

from __future__ import annotations

from access.dials import LONGEST_S
from access.models import (
    CaptureCode,
    CaseDoor,
    CaseToken,
    Client,
    ClientDial,
    ClientKey,
    ClientPolicy,
    SharingMember,
    Trust,
)
from events.projections import event_sourced, projects
from protocol.case_decisions import decision_of
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import client_v1_pb2 as c
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v

__all__: list[str] = []

_READING_AFTER_SETTLED_US = 15 * 60 * 1_000_000

event_sourced(
    *(Client, ClientKey, ClientPolicy, ClientDial, Trust, SharingMember),
    *(CaseDoor, CaseToken, CaptureCode),
)


@projects(c.ClientAdded, c.KeyIssued, c.KeyRevoked, c.ReviewersSwitched)
def _client(event: Event) -> None:
    at_us = to_us(event.envelope.occurred_at)
    match event.message:
        case c.ClientAdded() as said:
            Client.objects.create(
                id=event.envelope.client, name=said.name, time_zone=said.time_zone, added_at_us=at_us
            )
        case c.KeyIssued() as said:
            ClientKey.objects.create(
                key_id=said.key_id,
                client=event.envelope.client,
                sha256=said.key_sha256,
                scopes=list(said.scopes),
                live=said.live,
                expires_at_us=said.expires_at_us,
            )
        case c.KeyRevoked() as said:
            ClientKey.objects.filter(pk=said.key_id).update(revoked_at_us=at_us)
        case c.ReviewersSwitched() as said:
            Client.objects.filter(pk=event.envelope.client).update(own_reviewers=said.on)


@projects(c.PolicyChanged)
def _policy(event: Event) -> None:
    match event.message:
        case c.PolicyChanged() as said:
            named = ClientPolicy.objects.filter(client=event.envelope.client, name=said.name)
            named.filter(newest=True).update(newest=False)
            ClientPolicy.objects.create(
                id=f"{event.envelope.client}/{said.name}/{said.version}",
                client=event.envelope.client,
                name=said.name,
                version=said.version,
                content=said.content,
                changed_at_us=to_us(event.envelope.occurred_at),
                newest=True,
            )


@projects(c.SharingJoined, c.SharingLeft)
def _sharing(event: Event) -> None:
    client = event.envelope.client
    match event.message:
        case c.SharingJoined() as said:
            SharingMember.objects.update_or_create(
                id=f"{client}/{said.sharing_group}",
                defaults={
                    "client": client,
                    "sharing_group": said.sharing_group,
                    "legal_ground": said.legal_ground,
                    "from_us": said.from_us,
                    "until_us": said.until_us,
                    "left_at_us": 0,
                },
            )
        case c.SharingLeft() as said:
            SharingMember.objects.filter(pk=f"{client}/{said.sharing_group}").update(
                left_at_us=to_us(event.envelope.occurred_at)
            )


@projects(c.RegisterDialSet)
def _dial(event: Event) -> None:
    match event.message:
        case c.RegisterDialSet() as said:
            limits = [{"currency": x.currency, "cap": x.cap, "up_to": x.up_to} for x in said.limits]
            ClientDial.objects.update_or_create(
                client=event.envelope.client,
                defaults={
                    "on": said.on,
                    "limits": limits,
                    "wait_s": said.wait_s or LONGEST_S,
                    "set_at_us": to_us(event.envelope.occurred_at),
                },
            )


@projects(d.TrustReserved, d.TrustReleased)
def _trust(event: Event) -> None:
    match event.message:
        case d.TrustReserved() as said:
            Trust.objects.create(
                id=str(event.envelope.id),
                client=event.envelope.client,
                case=event.envelope.subject,
                amount=said.amount,
                currency=said.currency,
                until_us=said.until_us,
            )
        case d.TrustReleased() as said:
            released_at_us = to_us(event.envelope.occurred_at)
            Trust.objects.filter(pk=said.reservation_id).update(released_at_us=released_at_us)


@projects(v.CaseOpened)
def _opened(event: Event) -> None:
    match event.message:
        case v.CaseOpened() as said:
            CaseDoor.objects.create(case=event.envelope.subject, client=event.envelope.client, live=said.live)


@projects(v.CaptureTokenIssued)
def _issued(event: Event) -> None:
    said, case = event.message, event.envelope.subject
    if not isinstance(said, v.CaptureTokenIssued):
        return
    _end(said, case, to_us(event.envelope.occurred_at))
    CaseToken.objects.create(sha256=said.token_sha256, case=case, expires_at_us=said.expires_at_us)
    if said.code_sha256:
        CaptureCode.objects.create(sha256=said.code_sha256, case=case, expires_at_us=said.code_expires_at_us)


def _end(said: v.CaptureTokenIssued, case: str, at_us: int) -> None:
    """End what the new token replaces, and the code that was changed for it."""
    if said.replaces:
        CaseToken.objects.filter(case=case, ended_at_us=0).update(ended_at_us=at_us)
        CaptureCode.objects.filter(case=case, ended_at_us=0).update(ended_at_us=at_us)
    if said.exchanged_code_sha256:
        CaptureCode.objects.filter(pk=said.exchanged_code_sha256).update(ended_at_us=at_us)


@projects(d.DecisionReached, d.DecisionCorrected, v.ReviewConcluded)
def _settled(event: Event) -> None:
    """The first decision that waits for nothing bounds the phone's reading."""
    said = decision_of(event)
    if said is not None and said.settled:
        ends_us = to_us(event.envelope.occurred_at) + _READING_AFTER_SETTLED_US
        CaseDoor.objects.filter(pk=event.envelope.subject, reading_ends_at_us=0).update(
            reading_ends_at_us=ends_us
        )
