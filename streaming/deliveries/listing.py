"""The delivery log as a client sees it: its own connections of one side, live or test, newest first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from access.authentication import principal_of
from access.principals import Principal, require
from protocol.problems import Refused
from streaming.models import LoggedDelivery, LoggedGap
from streaming.words import Json, rfc3339

__all__ = ["Page", "list_deliveries", "page_of", "view"]

_MOST: Final = 200
_DEFAULT: Final = 50
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WHOLE: Final = re.compile(r"[0-9]{1,3}")
Answer = serializers.Serializer[object]


# A gap that was told, in the words of its frame; `from` is no name for a member of a class.
_GAPS: Final = inline_serializer(
    "GapAnswer",
    {
        "from": serializers.IntegerField(),
        "to": serializers.IntegerField(),
        "oldest": serializers.IntegerField(),
        "reason": serializers.CharField(),
        "at": serializers.DateTimeField(),
    },
    many=True,
)


class DeliveryAnswer(Answer):
    """A connection; `partition` or `case` says what it follows. `closed_at` and `reason` are null while open.

    `first` is the first number wanted, `sent` and `acked` the last numbers sent and acked; 0: none.
    """

    id = serializers.UUIDField()
    form = serializers.CharField()
    key_id = serializers.CharField(allow_null=True)
    partition = serializers.CharField(allow_null=True)
    case = serializers.UUIDField(allow_null=True)
    subscription = serializers.CharField(allow_null=True)
    opened_at = serializers.DateTimeField()
    first = serializers.IntegerField()
    sent = serializers.IntegerField()
    acked = serializers.IntegerField()
    last_seen_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    gaps = _GAPS


class DeliveriesAnswer(Answer):
    """A page of connections; `cursor` is null on the last one."""

    deliveries = DeliveryAnswer(many=True)
    cursor = serializers.UUIDField(allow_null=True)


@dataclass(frozen=True, slots=True)
class Page:
    """Which page: after the id that ended the last one (empty: the first), and of how many at most."""

    cursor: str = ""
    limit: int = _DEFAULT


@extend_schema(
    operation_id="list_deliveries",
    parameters=[
        OpenApiParameter("cursor", OpenApiTypes.UUID, description="What the last page gave as `cursor`"),
        OpenApiParameter("limit", int, description=f"1 to {_MOST}, by default {_DEFAULT}"),
    ],
    responses={
        200: DeliveriesAnswer,
        "4XX": OpenApiResponse(OpenApiTypes.OBJECT, description="A problem document (RFC 9457)"),
    },
)
@api_view(["GET"])
def view(request: Request) -> Response:
    """Answer `GET /v1/clients/me/deliveries`: the client's connections, newest first."""
    asker = principal_of(request)
    require(asker, "feed:read")
    return Response(list_deliveries(asker, page_of(request.query_params.dict())))


def page_of(fields: Mapping[str, str]) -> Page:
    """Read which page is wanted from a query.

    Raises:
        Refused: `invalid`, with the field.
    """
    for name in sorted(fields.keys() - {"cursor", "limit"}):
        raise Refused("invalid", "no such member exists; take it out", field=name[:64])
    cursor, limit = fields.get("cursor", ""), fields.get("limit", str(_DEFAULT))
    if "cursor" in fields and not _ID.fullmatch(cursor):
        raise Refused("invalid", "cursor must be what a page gave as its cursor", field="cursor")
    if not (_WHOLE.fullmatch(limit) and 1 <= int(limit) <= _MOST):
        raise Refused("invalid", f"limit must be a whole number from 1 to {_MOST}", field="limit")
    return Page(cursor, int(limit))


def list_deliveries(asker: Principal, page: Page) -> dict[str, Json]:
    """List the connections of the asker's client, of the side (live or test) that its key is of."""
    mine = LoggedDelivery.objects.filter(client=asker.client, live=asker.live).order_by("-id")
    found = list((mine.filter(id__lt=page.cursor) if page.cursor else mine)[: page.limit + 1])
    shown = found[: page.limit]
    gaps = _gaps_of(shown)
    listed: list[Json] = [{**_told(row), "gaps": gaps[row.id]} for row in shown]
    return {"deliveries": listed, "cursor": shown[-1].id if len(found) > page.limit else None}


def _gaps_of(rows: Sequence[LoggedDelivery]) -> Mapping[str, list[Json]]:
    gaps: defaultdict[str, list[Json]] = defaultdict(list)
    for gap in LoggedGap.objects.filter(delivery__in=[row.id for row in rows]).order_by("delivery", "nth"):
        gaps[gap.delivery].append(
            {
                "from": gap.from_number,
                "to": gap.to_number,
                "oldest": gap.oldest,
                "reason": gap.reason,
                "at": rfc3339(gap.at_us),
            }
        )
    return gaps


def _told(row: LoggedDelivery) -> dict[str, Json]:
    whole = "/" in row.part
    return {
        "id": row.id,
        "form": row.form,
        "key_id": row.key_id or None,
        "partition": row.part if whole else None,
        "case": None if whole else row.part,
        "subscription": row.subscription or None,
        "opened_at": rfc3339(row.opened_at_us),
        "first": row.first,
        "sent": row.sent,
        "acked": row.acked,
        "last_seen_at": rfc3339(row.last_seen_us),
        "closed_at": rfc3339(row.closed_at_us) if row.closed_at_us else None,
        "reason": row.reason or None,
    }
