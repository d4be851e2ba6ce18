"""Answers every error as a problem document (RFC 9457): ours, the framework's, and those of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from access.principals import Unauthorised
from events.errors import Erased, KeysAway
from protocol.problems import MEDIA_TYPE, Refused, body, headers
from verification.evidence_store import EvidenceDamaged, EvidenceMissing

__all__ = ["answer", "bad_request", "not_found", "server_error"]

_RETRY_AFTER_S = 5

_AWAY: dict[type[Exception], str] = {
    KeysAway: "the key store does not answer; try again",
    OperationalError: "the database does not answer; try again",
    EvidenceMissing: "the evidence store has not got the file now",
    EvidenceDamaged: "the evidence store has not got the file as it was sent",
}
_CODES: dict[type[exceptions.APIException], tuple[str, str]] = {
    exceptions.ParseError: ("invalid", "the body cannot be parsed"),
    exceptions.NotFound: ("not_found", "there is nothing at this address"),
    exceptions.MethodNotAllowed: ("method_not_allowed", "use one of the methods of the Allow header"),
    exceptions.NotAcceptable: ("not_acceptable", "ask for application/json"),
    exceptions.UnsupportedMediaType: (
        "unsupported_media",
        "send application/json, files as multipart/form-data",
    ),
}


def answer(error: Exception, _context: Mapping[str, object]) -> Response | None:
    """Answer what a view raised; None: it is a fault of ours, and `server_error` answers."""
    if isinstance(error, exceptions.ValidationError):
        field, detail = _first(error.detail)
        field, detail = _writable(field), _writable(detail)
        return _response(Refused("invalid", detail, **({"field": field} if field else {})))
    refused = _suspicious(error) if isinstance(error, SuspiciousOperation) else _refused(error)
    return None if refused is None else _response(refused)


def bad_request(_request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer a request that the framework will not look at (Django's handler400)."""
    return _document(_suspicious(exception))


def not_found(_request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer an address that leads nowhere (Django's handler404, which names its arguments)."""
    return _document(Refused("not_found", "there is nothing at this address"))


def server_error(_request: HttpRequest) -> JsonResponse:
    """Answer a fault of ours (Django's handler500)."""
    return _document(Refused("failed", "this is our fault; the same request may work later"))


def _refused(error: Exception) -> Refused | None:
    match error:
        case Refused():
            return error
        case Http404():
            return Refused("not_found", "there is nothing at this address")
        case Erased():
            return Refused("erased", "the applicant's data was erased; open a case for a new applicant")
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return Unauthorised()
        case exceptions.APIException():
            return Refused(*_CODES[type(error)]) if type(error) in _CODES else None
    detail = next((text for kind, text in _AWAY.items() if isinstance(error, kind)), None)
    return None if detail is None else Refused("unavailable", detail, retry_after=_RETRY_AFTER_S)


def _suspicious(error: Exception) -> Refused:
    """Answer what the framework took for an attack: too many members, one too long, a strange host."""
    if isinstance(error, RequestDataTooBig):
        return Refused("too_large", "the members beside the file are too long; send only those asked for")
    return Refused("invalid", "the request has too many members, or is not one that this address takes")


def _writable(text: str) -> str:
    """Write half of a surrogate pair, which JSON may name and UTF-8 cannot hold, as its escape."""
    return text.encode(errors="backslashreplace").decode()


def _response(refused: Refused) -> Response:
    return Response(
        body(refused), status=refused.problem.status, headers=headers(refused), content_type=MEDIA_TYPE
    )


def _document(refused: Refused) -> JsonResponse:
    return JsonResponse(body(refused), status=refused.problem.status, content_type=MEDIA_TYPE)


def _first(detail: object, path: str = "") -> tuple[str, str]:
    """Find the first thing that is wrong: its field, with points, and what is wrong with it."""
    if isinstance(detail, Mapping) and detail:
        name, inner = next(iter(detail.items()))
        here = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
        return _first(inner, here)
    if isinstance(detail, Sequence) and not isinstance(detail, str) and detail:
        return _first(detail[0], path)
    return path, str(detail)
