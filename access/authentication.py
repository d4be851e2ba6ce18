"""How the web framework learns who is asking."""

from __future__ import annotations

from datetime import UTC, datetime

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from access.principals import Principal, Unauthorised, authenticate

__all__ = ["BearerAuthentication", "principal_of"]


class BearerAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer`; `request.auth` is then the `Principal`, and there is no user."""

    def authenticate(self, request: Request) -> tuple[None, Principal] | None:
        """Tell who is asking; None without a header.

        Raises:
            Unauthorised: the header names nobody.
        """
        header = request.headers.get("Authorization")
        return None if header is None else (None, authenticate(header, now=datetime.now(UTC)))

    def authenticate_header(self, request: Request) -> str:
        """Say how to authenticate, for the header of a 401."""
        return 'Bearer realm="vouch"'


def principal_of(request: Request) -> Principal:
    """Give who is asking.

    Raises:
        Unauthorised: nobody has said who they are.
    """
    if not isinstance(request.auth, Principal):
        raise Unauthorised
    return request.auth
