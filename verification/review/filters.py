"""By what the list of cases can be narrowed."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from access.models import Client
from protocol.ids import to_us
from verification.models import Case
from verification.review.words import label

__all__ = ["FILTERS"]

_STATUSES = ("in_review", "checking", "waiting", "open", "decided", "checked", "withdrawn", "expired")
_SPANS = {
    "hour": ("The last hour", timedelta(hours=1)),
    "day": ("The last 24 hours", timedelta(days=1)),
    "week": ("The last 7 days", timedelta(days=7)),
    "month": ("The last 30 days", timedelta(days=30)),
}
_Choices = list[tuple[str, str]]


class _Status(SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Case]) -> _Choices:
        """List the statuses, what waits for people first."""
        return [(status, label(status)) for status in _STATUSES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases of the chosen status."""
        return queryset.filter(status=self.value()) if self.value() else queryset


class _Client(SimpleListFilter):
    title = "client"
    parameter_name = "client"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Case]) -> _Choices:
        """List the clients by name."""
        return list(Client.objects.order_by("name").values_list("id", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases of the chosen client."""
        return queryset.filter(client=self.value()) if self.value() else queryset


class _Kind(SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Case]) -> _Choices:
        """Tell live cases from test cases."""
        return [("live", "Live"), ("test", "Test")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep live or test cases."""
        return queryset.filter(live=self.value() == "live") if self.value() else queryset


class _Opened(SimpleListFilter):
    title = "opened"
    parameter_name = "opened"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Case]) -> _Choices:
        """List spans up to now."""
        return [(name, words) for name, (words, _) in _SPANS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases opened within the chosen span."""
        chosen = _SPANS.get(self.value() or "")
        return queryset.filter(opened_at_us__gte=to_us(timezone.now() - chosen[1])) if chosen else queryset


FILTERS = (_Status, _Client, _Kind, _Opened)
