"""Grants a wish to follow: who asks, which feed or case, from where, with or without personal values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError

from access.principals import Principal, authenticate, require
from protocol.problems import Refused
from streaming.following.allowed import PERSONAL, allow
from streaming.following.granted import Following
from streaming.following.subscriptions import Hold, take
from streaming.following.views import PhoneView, View, client_view, phone_head
from streaming.reading.feeds import Head, Part, case_owner, head_of
from streaming.wire.asking import Asked, parse, start_of
from streaming.words import feed_of

__all__ = ["Request", "open_stream"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asks for what, as it came: `case` is empty for the client's whole feed."""

    header: str
    fields: Mapping[str, str]
    case: str = ""


def open_stream(request: Request, *, now: datetime) -> Following:
    """Grant a wish; asks databases, so it is called in a reader thread.

    Raises:
        Refused: who asks is unknown or may not, the wish is wrong, or its position does not exist.
    """
    try:
        asked = parse(request.fields)
        principal = authenticate(request.header, now=now, tickets=True)
        return _opened(request, principal, asked)
    except DatabaseError as error:
        raise Refused("unavailable", "the feed cannot be read now; come back", retry_after=2) from error


def _opened(request: Request, principal: Principal, asked: Asked) -> Following:
    phone = principal.kind == "case"
    part = _part(request, principal, asked)
    head = head_of(part.feed)
    shown_head = phone_head(part, head) if phone else head
    start = start_of(asked, shown_head, default="earliest" if part.case else "latest")
    hold = _hold(asked, part, head, start)
    if hold is not None:
        start = start_of(Asked(from_=hold.kept + 1), head, default="latest")
    personal = PERSONAL in principal.scopes
    return Following(
        principal=principal,
        part=part,
        view=_view(part, asked, start, phone=phone, personal=personal),
        asked=asked,
        head=head,
        after=0 if phone else start,
        first=start + 1,
        shown_head=shown_head,
        personal=personal,
        hold=hold,
    )


def _hold(asked: Asked, part: Part, head: Head, start: int) -> Hold | None:
    if not asked.subscription:
        return None
    return take(asked.subscription, part, head, start=start if asked.names_place else None, otherwise=start)


def _view(part: Part, asked: Asked, start: int, *, phone: bool, personal: bool) -> View:
    if phone:
        return PhoneView(kinds=asked.kinds, skip=start)
    return client_view(part, start, kinds=asked.kinds, personal=personal)


def _part(request: Request, principal: Principal, asked: Asked) -> Part:
    if principal.kind == "case":
        return _phones_part(request, principal, asked)
    feed = feed_of(principal.client, live=principal.live)
    case = request.case or principal.case
    if case:
        part = _case_part(case, principal, asked)
    else:
        index, of = asked.partition or principal.partition or (0, 1)
        part = Part(feed=feed, index=index, of=of)
    allow(principal, part, personal=False)
    return part


def _phones_part(request: Request, principal: Principal, asked: Asked) -> Part:
    if not request.case:
        require(principal, "feed:read")  # a phone has no scope
    return _case_part(request.case, principal, asked)


def _case_part(case: str, principal: Principal, asked: Asked) -> Part:
    if asked.partition is not None:
        raise Refused("invalid", "a case is one whole: leave partition out", field="partition")
    owner = case_owner(case)
    allowed = owner is not None and owner.client == principal.client and owner.live == principal.live
    if not allowed or (principal.kind == "case" and principal.case != case):
        raise Refused("not_found", "you have no case of that id")
    return Part(feed=feed_of(principal.client, live=principal.live), case=case)
