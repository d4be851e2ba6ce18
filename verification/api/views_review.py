"""Asking for a person, and what a person decides."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from access.clients import require_own_reviewers
from protocol.policies import Outcome
from verification import cases
from verification.api import answers, asking
from verification.api.fields import JsonBody, checked
from verification.api.forms import DecisionBody, DecisionForm, EmptyForm
from verification.decide_review import Conclusion

__all__ = ["decision", "review"]

_ACCEPTED = {202: None, "4XX": answers.ProblemAnswer}


@extend_schema(request=EmptyForm, responses=_ACCEPTED)
@api_view(["POST"])
@parser_classes([JsonBody])
def review(request: Request, case: str) -> Response:
    """Ask that a person looks at the case."""
    principal = asking.own_case(request, case)
    checked(EmptyForm, request.data)
    cases.request_review(case, by=asking.by(principal), now=asking.now())
    return Response(status=status.HTTP_202_ACCEPTED)


@extend_schema(request=DecisionForm, responses=_ACCEPTED)
@api_view(["POST"])
@parser_classes([JsonBody])
def decision(request: Request, case: str) -> Response:
    """Decide the case as one of the client's own reviewers, where its setting lets them."""
    asker = asking.client_case(request, case)
    require_own_reviewers(asker.client)
    body = cast("DecisionBody", checked(DecisionForm, request.data))
    conclusion = Conclusion(
        by="client",
        reviewer_id=asker.key_id,
        outcome=Outcome(body["outcome"]),
        reasons=tuple(body.get("reasons", ())),
    )
    cases.conclude_review(case, conclusion, now=asking.now())
    return Response(status=status.HTTP_202_ACCEPTED)
