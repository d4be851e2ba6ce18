"""Every way in which a request can be refused: the codes of the public contract, as RFC 9457 problems."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

__all__ = ["MEDIA_TYPE", "PROBLEMS", "Problem", "Refused", "body", "headers"]

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of refusal: its code, the HTTP status it is answered with, and a title for people."""

    code: str
    status: HTTPStatus
    title: str

    @property
    def type(self) -> str:
        """The URI that names this kind of problem (RFC 9457 §3.1.1)."""
        return f"urn:vouch:problem:{self.code}"


PROBLEMS: dict[str, Problem] = {
    row.code: row
    for row in (
        Problem("invalid", HTTPStatus.BAD_REQUEST, "The request is not as the contract says"),
        Problem("unauthorised", HTTPStatus.UNAUTHORIZED, "No valid key or token"),
        Problem("forbidden_scope", HTTPStatus.FORBIDDEN, "The key or token may not do this"),
        Problem("not_found", HTTPStatus.NOT_FOUND, "There is no such thing"),
        Problem("method_not_allowed", HTTPStatus.METHOD_NOT_ALLOWED, "The address does not take this method"),
        Problem("not_acceptable", HTTPStatus.NOT_ACCEPTABLE, "The answer cannot be given in that form"),
        Problem("conflict", HTTPStatus.CONFLICT, "The state does not allow it"),
        Problem("idempotency_mismatch", HTTPStatus.CONFLICT, "The key was used with another body"),
        Problem("idempotency_in_progress", HTTPStatus.CONFLICT, "The first request is still at work"),
        Problem("not_accepting", HTTPStatus.CONFLICT, "The case takes nothing more"),
        Problem("epoch_changed", HTTPStatus.CONFLICT, "The position belongs to another epoch"),
        Problem("too_old", HTTPStatus.GONE, "The position is no longer kept"),
        Problem("erased", HTTPStatus.GONE, "The applicant's data is erased"),
        Problem("too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The file has too many bytes"),
        Problem("unsupported_media", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The content is of no accepted kind"),
        Problem("in_the_future", HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "The position is not there yet"),
        Problem("unreadable", HTTPStatus.UNPROCESSABLE_ENTITY, "The file cannot be decoded"),
        Problem("too_many_pixels", HTTPStatus.UNPROCESSABLE_ENTITY, "The picture has too many pixels"),
        Problem("too_long", HTTPStatus.UNPROCESSABLE_ENTITY, "The clip is too long"),
        Problem("too_short", HTTPStatus.UNPROCESSABLE_ENTITY, "The clip is too short"),
        Problem("no_policy", HTTPStatus.UNPROCESSABLE_ENTITY, "No policy, or more than one, fits the stake"),
        Problem("invalid_policy", HTTPStatus.UNPROCESSABLE_ENTITY, "The policy has an error"),
        Problem("challenge_required", HTTPStatus.UNPROCESSABLE_ENTITY, "A clip must answer a challenge"),
        Problem("challenge_expired", HTTPStatus.UNPROCESSABLE_ENTITY, "The challenge's time is over"),
        Problem("challenge_used", HTTPStatus.UNPROCESSABLE_ENTITY, "The challenge was answered already"),
        Problem("too_many_attempts", HTTPStatus.UNPROCESSABLE_ENTITY, "No further attempt is left"),
        Problem("rate_limited", HTTPStatus.TOO_MANY_REQUESTS, "Too many requests"),
        Problem("failed", HTTPStatus.INTERNAL_SERVER_ERROR, "We failed; the failure is noted"),
        Problem("not_yet", HTTPStatus.NOT_IMPLEMENTED, "This call is not built yet"),
        Problem("unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "A part of us is away; try again"),
    )
}


class Refused(Exception):
    """A request is answered with a problem; `detail` says what happened and what to do, and names no person.

    `extra` holds what fits of `field`, `available`, `retry_after` and `until`.
    """

    def __init__(self, code: str, detail: str, **extra: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.problem = PROBLEMS[code]
        self.detail = detail
        self.extra = extra

    @property
    def code(self) -> str:
        """The problem's code."""
        return self.problem.code


def headers(refused: Refused) -> dict[str, str]:
    """Give the header fields that go with a refusal: when to come back, how to say who one is."""
    fields: dict[str, str] = {}
    if "retry_after" in refused.extra:
        fields["Retry-After"] = str(refused.extra["retry_after"])
    if refused.code == "unauthorised":
        fields["WWW-Authenticate"] = 'Bearer realm="vouch"'
    return fields


def body(refused: Refused) -> dict[str, object]:
    """Write a refusal as the JSON members of a problem document (RFC 9457 §3)."""
    problem = refused.problem
    return {
        "type": problem.type,
        "title": problem.title,
        "status": int(problem.status),
        "detail": refused.detail,
        "code": problem.code,
        **refused.extra,
    }
