"""What is answered, member by member: for the OpenAPI document, and nothing else."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers

__all__ = [
    "BearerScheme",
    "CaptureAnswer",
    "CaseAnswer",
    "ChallengeAnswer",
    "ExchangeAnswer",
    "ListAnswer",
    "NeedsAnswer",
    "PoliciesAnswer",
    "ProblemAnswer",
    "ReceiptAnswer",
    "TicketAnswer",
]

Answer = serializers.Serializer[object]


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library has no types
    """How a request says who asks."""

    target_class = "access.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, _schema: object) -> dict[str, str]:
        """Describe keys and case tokens."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A client's key, or the token of one case.",
        }


class ProblemAnswer(Answer):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    field = serializers.CharField(required=False)
    retry_after = serializers.IntegerField(required=False)
    until = serializers.DateTimeField(required=False)


class CaptureAnswer(Answer):
    """What a phone is given."""

    url = serializers.URLField()
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class CaseAnswer(Answer):
    """An opened case."""

    id = serializers.UUIDField()
    applicant = serializers.UUIDField()
    status = serializers.CharField()
    version = serializers.IntegerField()
    live = serializers.BooleanField()
    capture = CaptureAnswer()


class ActionAnswer(Answer):
    """One thing to do before the camera."""

    do = serializers.CharField()
    at_ms = serializers.IntegerField()


class ChallengeAnswer(Answer):
    """What to do before the camera."""

    id = serializers.UUIDField()
    record_ms = serializers.IntegerField()
    actions = ActionAnswer(many=True)
    expires_at = serializers.DateTimeField()


class ReceiptAnswer(Answer):
    """An accepted file."""

    id = serializers.UUIDField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    media_type = serializers.CharField()


class ListedAnswer(Answer):
    """A case in a list."""

    id = serializers.UUIDField()
    reference = serializers.CharField()
    applicant = serializers.UUIDField()
    status = serializers.CharField()
    version = serializers.IntegerField()
    live = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class ListAnswer(Answer):
    """A page of cases; `cursor` is null on the last one."""

    cases = ListedAnswer(many=True)
    cursor = serializers.UUIDField(allow_null=True)


class NeedsAnswer(Answer):
    """What a phone still has to do."""

    needs = serializers.ListField(child=serializers.CharField())
    requests = serializers.ListField(child=serializers.DictField())
    challenge_attempts_left = serializers.IntegerField()
    expires_at = serializers.DateTimeField(allow_null=True)


class ExchangeAnswer(Answer):
    """A case token, for a code."""

    case = serializers.UUIDField()
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class TicketAnswer(Answer):
    """A ticket: for a `hello` or the `Authorization` header of one feed."""

    ticket = serializers.CharField()
    expires_at = serializers.DateTimeField()


class PolicyAnswer(Answer):
    """A policy: its name and version, and what it says, in the language that `PUT` takes."""

    name = serializers.CharField()
    version = serializers.IntegerField()
    stake = serializers.JSONField(help_text="an object, 'otherwise', or null: by name only")
    rules = serializers.JSONField()
    provisional = serializers.JSONField()
    not_applicable = serializers.JSONField()
    away = serializers.JSONField(required=False, help_text="left out: as staff allow it")
    deadline_s = serializers.IntegerField(required=False, help_text="left out: the case's own")


class PoliciesAnswer(Answer):
    """A client's policies."""

    policies = PolicyAnswer(many=True)
