"""Opening, listing, submitting and withdrawing cases."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policies import policies_of
from access.tokens import Grant
from protocol.ids import to_us
from protocol.policies import NoPolicy, PolicyRef, WrongStake, choose
from protocol.problems import Refused
from protocol.schemas import verification_v1_pb2 as v
from verification import cases, idempotency, queries
from verification.api import answers, asking
from verification.api.fields import JsonBody, checked
from verification.api.forms import BasisBody, BasisForm, CaseBody, CaseForm, EmptyForm, ListBody, ListForm
from verification.decide import Opening
from verification.queries import Wanted

__all__ = [
    "Cases",
    "basis_of",
    "biometrics",
    "biometrics_withdraw",
    "capture_of",
    "submit",
    "withdraw",
]

_LONGEST_KEY = 255
_ACCEPTED = {202: None, "4XX": answers.ProblemAnswer}


class Cases(APIView):
    """`/v1/cases`."""

    parser_classes = (JsonBody,)

    @extend_schema(
        request=CaseForm,
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)],
        responses={201: answers.CaseAnswer, "4XX": answers.ProblemAnswer},
        operation_id="open_case",
    )
    def post(self, request: Request) -> Response:
        """Open a case, or give the one the same request opened before."""
        asker = asking.client_of(request, "cases:write")
        now = asking.now()
        body = cast("CaseBody", checked(CaseForm, request.data))
        opened = cases.open_case(
            asker,
            _opening(asker.client, body),
            once=idempotency.request(_idempotency_key(request), request.data),
            now=now,
            applicant=body.get("applicant", ""),
        )
        answer = {name: getattr(opened, name) for name in ("id", "applicant", "status", "version", "live")}
        return Response(answer | {"capture": capture_of(request, opened.grant)}, status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[ListForm],
        responses={200: answers.ListAnswer, "4XX": answers.ProblemAnswer},
        operation_id="list_cases",
    )
    def get(self, request: Request) -> Response:
        """List the client's cases, newest first, 50 a page."""
        asker = asking.client_of(request, "feed:read")
        query = cast("ListBody", checked(ListForm, request.query_params.dict()))
        wanted = Wanted(
            reference=query.get("reference", ""),
            status=query.get("status", ""),
            created_after=query.get("created_after"),
            before=query.get("cursor", ""),
        )
        found = queries.list_cases(asker.client, live=asker.live, wanted=wanted)
        listed = [asdict(case) | {"created_at": asking.moment(case.created_at)} for case in found]
        cursor = found[-1].id if len(found) == queries.PAGE_SIZE else None
        return Response({"cases": listed, "cursor": cursor})


def capture_of(request: Request, grant: Grant) -> dict[str, str]:
    """Write what a phone is given: the code stands in the fragment, which no server's log sees."""
    return {
        "url": f"{request.build_absolute_uri('/capture/')}#{grant.code}",
        "token": grant.token,
        "expires_at": asking.moment(grant.expires_at),
    }


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable() or not key.isascii():
        raise Refused(
            "invalid",
            f"send a header of 1 to {_LONGEST_KEY} printable ASCII characters, fresh for each new case",
            field="Idempotency-Key",
        )
    return key


def _opening(client: str, body: CaseBody) -> Opening:
    stake = v.Money(amount=body["stake"]["amount"], currency=body["stake"]["currency"])
    claimed = dict(body["claimed"])
    locale = claimed.pop("locale", "")
    biometrics = body.get("biometrics")
    return Opening(
        reference=body["reference"],
        stake=stake,
        claimed=v.Claimed(locale=locale, **{name: text.encode() for name, text in claimed.items()}),
        minimum_age=body.get("minimum_age", 0),
        policy=_policy(client, stake, body.get("policy", "")),
        basis=basis_of(biometrics) if biometrics else None,
    )


def _policy(client: str, stake: v.Money, override: str) -> PolicyRef:
    try:
        return choose(policies_of(client), amount=stake.amount, currency=stake.currency, override=override)
    except WrongStake as error:
        raise Refused("invalid", str(error), field="stake") from error
    except NoPolicy as error:
        raise Refused("no_policy", str(error), field="policy") from error


def basis_of(body: BasisBody) -> v.BiometricBasisRecorded:
    """Make the message of a recorded basis."""
    return v.BiometricBasisRecorded(
        basis=body["basis"],
        text_version=body["text_version"],
        locale=body["locale"],
        given_at_us=to_us(body["given_at"]),
    )


def _accepted() -> Response:
    return Response(status=status.HTTP_202_ACCEPTED)


@extend_schema(request=BasisForm, responses=_ACCEPTED)
@api_view(["POST"])
@parser_classes([JsonBody])
def biometrics(request: Request, case: str) -> Response:
    """Record a ground for processing the applicant's face."""
    asking.own_case(request, case)
    body = cast("BasisBody", checked(BasisForm, request.data))
    cases.record_basis(case, basis_of(body), now=asking.now())
    return _accepted()


@extend_schema(request=EmptyForm, responses=_ACCEPTED)
@api_view(["POST"])
@parser_classes([JsonBody])
def biometrics_withdraw(request: Request, case: str) -> Response:
    """End that ground."""
    asking.own_case(request, case)
    checked(EmptyForm, request.data)
    cases.withdraw_basis(case, now=asking.now())
    return _accepted()


@extend_schema(request=EmptyForm, responses=_ACCEPTED)
@api_view(["POST"])
@parser_classes([JsonBody])
def submit(request: Request, case: str) -> Response:
    """Say that no more evidence comes."""
    principal = asking.own_case(request, case)
    checked(EmptyForm, request.data)
    cases.submit(case, by=asking.by(principal), now=asking.now())
    return _accepted()


@extend_schema(request=EmptyForm, responses=_ACCEPTED)
@api_view(["POST"])
@parser_classes([JsonBody])
def withdraw(request: Request, case: str) -> Response:
    """Call the case off."""
    principal = asking.client_case(request, case)
    checked(EmptyForm, request.data)
    cases.withdraw(case, by=asking.by(principal), now=asking.now())
    return _accepted()
