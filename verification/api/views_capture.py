"""What a phone is given, and what it still has to do."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import api_view, authentication_classes, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from verification import cases, queries
from verification.api import answers, asking
from verification.api.fields import JsonBody, checked
from verification.api.forms import CodeForm, EmptyForm
from verification.api.views_cases import capture_of

__all__ = ["Capture", "exchange"]


class Capture(APIView):
    """`/v1/cases/{id}/capture`."""

    parser_classes = (JsonBody,)

    @extend_schema(
        responses={200: answers.NeedsAnswer, "4XX": answers.ProblemAnswer}, operation_id="capture_needs"
    )
    def get(self, request: Request, case: str) -> Response:
        """Tell what a phone still has to do."""
        principal = asking.own_case(request, case)
        needs = queries.needs_of(case)
        answer = {
            "needs": needs.kinds,
            "requests": [],
            "challenge_attempts_left": needs.challenge_attempts_left,
            "expires_at": asking.moment(principal.expires_at) if principal.expires_at else None,
        }
        return Response(answer)

    @extend_schema(
        request=EmptyForm,
        responses={201: answers.CaptureAnswer, "4XX": answers.ProblemAnswer},
        operation_id="renew_capture",
    )
    def post(self, request: Request, case: str) -> Response:
        """Give a fresh address and token; the case's older ones end."""
        asking.client_case(request, case)
        checked(EmptyForm, request.data)
        grant = cases.issue_capture(case, now=asking.now())
        return Response(capture_of(request, grant), status.HTTP_201_CREATED)


@extend_schema(
    request=CodeForm, responses={200: answers.ExchangeAnswer, "4XX": answers.ProblemAnswer}, auth=[]
)
@api_view(["POST"])
@authentication_classes([])
@parser_classes([JsonBody])
def exchange(request: Request) -> Response:
    """Change the code of a capture address for a case token, once."""
    code = str(checked(CodeForm, request.data)["code"])
    case, grant = cases.exchange_code(code, now=asking.now())
    return Response({"case": case, "token": grant.token, "expires_at": asking.moment(grant.expires_at)})
