"""Strict reading of what strangers send: no unknown member, no silent change of type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any, NoReturn

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, parsers, serializers

__all__ = ["IsoDate", "JsonBody", "Moment", "Strict", "Text", "Whole", "checked", "one_of"]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class JsonBody(parsers.JSONParser):
    """Reads a JSON body, however it is made up."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Read it; what nests deeper than the interpreter's stack is as unreadable as broken JSON."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError from error


class Strict(serializers.Serializer[object]):
    """A body or query of which every member is known."""

    def to_internal_value(self, data: object) -> object:
        """Refuse members that nobody asked for, then read as usual."""
        if isinstance(data, Mapping):
            unknown = sorted(str(name)[:64] for name in data.keys() - self.fields.keys())
            if unknown:
                raise serializers.ValidationError({unknown[0]: "no such member exists; take it out"})
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A JSON string, of which numbers and booleans are none."""

    def to_internal_value(self, data: object) -> str:
        """Read a string."""
        if not isinstance(data, str):
            _refuse("this must be a string")
        return str(super().to_internal_value(data))


class Whole(serializers.IntegerField):
    """A JSON whole number, of which strings and booleans are none."""

    def to_internal_value(self, data: object) -> int:
        """Read a whole number."""
        if not isinstance(data, int) or isinstance(data, bool):
            _refuse("this must be a whole number")
        return int(super().to_internal_value(data))


@extend_schema_field(OpenApiTypes.DATE)
class IsoDate(Text):
    """A day as ISO 8601 writes it, "1990-05-17"."""

    def to_internal_value(self, data: object) -> str:
        """Read a day that there is in the calendar."""
        text = super().to_internal_value(data)
        try:
            day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None:
            _refuse("this must be a day like 1990-05-17")
        return text


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field[datetime, object, str, object]):
    """A moment as RFC 3339 writes it, with its offset: "2026-11-24T10:00:00Z"."""

    def to_internal_value(self, data: object) -> datetime:
        """Read a moment."""
        try:
            moment = (
                datetime.fromisoformat(data) if isinstance(data, str) and _MOMENT.fullmatch(data) else None
            )
        except ValueError:
            moment = None
        if moment is None:
            _refuse("this must be a moment like 2026-11-24T10:00:00Z")
        return moment

    def to_representation(self, value: datetime) -> str:
        """Write a moment in UTC."""
        return value.isoformat().replace("+00:00", "Z")


def one_of(choices: Sequence[str]) -> serializers.ChoiceField:
    """Make a field that takes one of some words; a refusal does not repeat what was sent instead."""
    refusal = f"this must be one of {', '.join(choices)}"
    return serializers.ChoiceField(choices, error_messages={"invalid_choice": refusal})


def checked(form: type[Strict], data: object) -> dict[str, object]:
    """Read data by a form.

    Raises:
        ValidationError: the first thing that is wrong is told with its field.
    """
    found = form(data=data)
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)


def _refuse(what: str) -> NoReturn:
    raise serializers.ValidationError(what)
