"""Calls of the contract that are not built yet: each says so, to those who may ask."""

from __future__ import annotations

from collections.abc import Callable

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from access.authentication import principal_of
from protocol.problems import Refused
from verification.api import answers

__all__ = ["later"]


def later(method: str, what: str) -> Callable[..., Response]:
    """Make the view of a call that is not built yet."""

    @extend_schema(operation_id=f"later_{what}", request=None, responses={501: answers.ProblemAnswer})
    @api_view([method])
    def view(request: Request, /, **_kwargs: str) -> Response:
        principal_of(request)
        raise Refused("not_yet", f"{what.replace('_', ' ')} is not built yet")

    return view
