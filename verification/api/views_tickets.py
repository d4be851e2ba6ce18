"""Making tickets for the feed."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from access import tickets
from access.tickets import Narrowing
from verification.api import answers, asking
from verification.api.fields import JsonBody, checked
from verification.api.forms import TicketBody, TicketForm

__all__ = ["mint"]


@extend_schema(
    request=TicketForm,
    responses={201: answers.TicketAnswer, "4XX": answers.ProblemAnswer},
    operation_id="mint_ticket",
)
@api_view(["POST"])
@parser_classes([JsonBody])
def mint(request: Request) -> Response:
    """Make a ticket that opens the client's feed once, within 30 seconds."""
    asker = asking.client_of(request, "feed:read")
    body = cast("TicketBody", checked(TicketForm, request.data))
    scopes = frozenset(body["scopes"]) if "scopes" in body else None
    narrowing = Narrowing(scopes=scopes, partition=body.get("partition", ""), case=body.get("case", ""))
    minted = tickets.mint(asker, narrowing, now=asking.now())
    return Response(
        {"ticket": minted.ticket, "expires_at": asking.moment(minted.expires_at)},
        status.HTTP_201_CREATED,
        headers={"Cache-Control": "no-store"},
    )
