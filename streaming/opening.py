"""Grants a wish to follow: who asks, which feed or case, from where, with or without personal values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError

from access.principals import Principal, authenticate, require
from protocol.problems import Refused
from streaming.asking import Asked, parse, start_of
from streaming.feeds import Part, case_owner, head_of
from streaming.pump import Following
from streaming.views import PhoneView, View, client_view, phone_head
from streaming.words import feed_of

__all__ = ["Request", "open_stream"]

_PERSONAL = "feed:personal"


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
        principal = authenticate(request.header, now=now)
        return _opened(request, principal, parse(request.fields))
    except DatabaseError as error:
        raise Refused("unavailable", "the feed cannot be read now; come back", retry_after=2) from error


def _opened(request: Request, principal: Principal, asked: Asked) -> Following:
    part = _part(request, principal, asked)
    head = head_of(part.feed)
    phone = principal.kind == "case"
    shown_head = phone_head(part, head) if phone else head
    start = start_of(asked, shown_head, default="earliest" if part.case else "latest")
    return Following(
        header=request.header,
        principal=principal,
        part=part,
        view=_view(principal, part, asked, start),
        asked=asked,
        head=head,
        after=0 if phone else start,
        first=start + 1,
        shown_head=shown_head,
    )


def _view(principal: Principal, part: Part, asked: Asked, start: int) -> View:
    if principal.kind == "case":
        return PhoneView(kinds=asked.kinds, skip=start)
    return client_view(part, start, kinds=asked.kinds, personal=_PERSONAL in principal.scopes)


def _part(request: Request, principal: Principal, asked: Asked) -> Part:
    if request.case:
        return _case_part(request.case, principal, asked)
    require(principal, "feed:read")
    return Part(feed=feed_of(principal.client, live=principal.live), index=asked.index, of=asked.of)


def _case_part(case: str, principal: Principal, asked: Asked) -> Part:
    if asked.of != 1:
        raise Refused("invalid", "a case is one whole: leave partition out", field="partition")
    if principal.kind == "client":
        require(principal, "feed:read")
    owner = case_owner(case)
    allowed = owner is not None and owner.client == principal.client and owner.live == principal.live
    if not allowed or (principal.kind == "case" and principal.case != case):
        raise Refused("not_found", "you have no case of that id")
    return Part(feed=feed_of(principal.client, live=principal.live), case=case)
