"""Challenges, uploads and originals."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from django.http import HttpResponse, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import api_view, parser_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from protocol.problems import Refused
from protocol.schemas import verification_v1_pb2 as v
from verification import cases, challenge, queries
from verification.api import answers, asking
from verification.api.fields import JsonBody, checked
from verification.api.forms import EmptyForm, EvidenceBody, EvidenceForm

__all__ = ["draw_challenge", "evidence", "original"]


@extend_schema(request=EmptyForm, responses={201: answers.ChallengeAnswer, "4XX": answers.ProblemAnswer})
@api_view(["POST"])
@parser_classes([JsonBody])
def draw_challenge(request: Request, case: str) -> Response:
    """Draw what the person is asked to do before the camera."""
    asking.own_case(request, case)
    checked(EmptyForm, request.data)
    drawn = cases.draw_challenge(case, now=asking.now())
    answer = {
        "id": drawn.id,
        "record_ms": challenge.RECORD_MS,
        "actions": [{"do": action.do, "at_ms": action.at_ms} for action in drawn.actions],
        "expires_at": asking.moment(drawn.expires_at),
    }
    return Response(answer, status.HTTP_201_CREATED)


_DEVICE = OpenApiParameter(
    "Vouch-Device",
    location=OpenApiParameter.HEADER,
    description="A random id by which the phone knows itself again, 16 to 128 of A-Z, a-z, 0-9, _ and -",
)


@extend_schema(
    parameters=[_DEVICE],
    request={"multipart/form-data": EvidenceForm},
    responses={202: answers.ReceiptAnswer, "4XX": answers.ProblemAnswer},
)
@api_view(["POST"])
@parser_classes([MultiPartParser])
def evidence(request: Request, case: str) -> Response:
    """Take a picture or a clip."""
    asking.own_case(request, case)
    receipt = cases.add_evidence(case, _upload(request), now=asking.now())
    answer = {
        "id": receipt.id,
        "sha256": receipt.sha256.hex(),
        "size": receipt.size,
        "media_type": receipt.media_type,
    }
    return Response(answer, status.HTTP_202_ACCEPTED)


def _upload(request: Request) -> cases.Upload:
    form = cast("EvidenceBody", checked(EvidenceForm, _members(request)))
    return cases.Upload(
        path=Path(form["file"].temporary_file_path()),
        kind=form["kind"],
        challenge=form.get("challenge", ""),
        arrived_at=asking.arrived_at(request),
        device=asking.device_of(request),
    )


def _members(request: Request) -> dict[str, object]:
    if not isinstance(request.data, QueryDict):
        raise Refused("invalid", "send a form with `kind` and `file`")
    twice = [name for name, values in request.data.lists() if len(values) > 1]
    if twice:
        raise Refused("invalid", "send each member once", field=twice[0])
    return dict(request.data.items())


@extend_schema(
    responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, "4XX": answers.ProblemAnswer}
)
@api_view(["GET"])
def original(request: Request, case: str, evidence: str) -> HttpResponse:
    """Give evidence byte for byte; who looked is recorded before it is shown."""
    principal = asking.client_case(request, case, "evidence:read")
    found = queries.original_of(case, evidence)
    viewed = v.PersonalDataViewed(
        staff_id=f"key:{principal.key_id}", what="evidence", evidence_id=evidence, ground="client"
    )
    cases.note_view(case, viewed, now=asking.now())
    response = HttpResponse(found.data, content_type=found.media_type)
    # A stranger's bytes under our name: a browser may save them, never run them.
    response["Content-Disposition"] = f'attachment; filename="{evidence}"'
    response["Content-Security-Policy"] = "sandbox"
    response["Cache-Control"] = "no-store"
    return response
