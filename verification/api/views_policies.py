"""A client's policies: listed, and changed by writing one anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, Final, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, parsers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from access.policies import change_policy, policies_of
from protocol.policies import Policy, write
from protocol.problems import Refused
from verification.api import answers, asking

__all__ = ["PolicyText", "policies", "policy"]

_LONGEST_BYTES: Final = 131_072


class PolicyText(parsers.BaseParser):
    """Leaves a JSON body as the text that it is: an error in a policy is told by its line."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, str]:
        """Read it."""
        data: bytes = stream.read(_LONGEST_BYTES + 1)
        if len(data) > _LONGEST_BYTES:
            raise Refused("too_large", f"a policy has at most {_LONGEST_BYTES} bytes")
        try:
            return {"text": data.decode()}
        except UnicodeDecodeError as error:
            raise exceptions.ParseError from error


@extend_schema(responses={200: answers.PoliciesAnswer, "4XX": answers.ProblemAnswer})
@api_view(["GET"])
def policies(request: Request) -> Response:
    """List the client's policies in force: those that every client has, and its own."""
    asker = asking.client_of(request, "cases:write")
    return Response({"policies": [_shown(policy) for policy in policies_of(asker.client)]})


@extend_schema(
    request=OpenApiTypes.OBJECT, responses={200: answers.PolicyAnswer, "4XX": answers.ProblemAnswer}
)
@api_view(["PUT"])
@parser_classes([PolicyText])
def policy(request: Request, name: str) -> Response:
    """Change a policy from the next case on; refused whole with the line that is wrong."""
    asker = asking.client_of(request, "policies:write")
    text = cast("dict[str, str]", request.data).get("text", "")
    return Response(_shown(change_policy(client=asker.client, name=name, text=text, now=asking.now())))


def _shown(policy: Policy) -> dict[str, object]:
    return {"name": policy.ref.name, "version": policy.ref.version, **write(policy)}
