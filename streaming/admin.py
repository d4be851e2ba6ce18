"""The back office's delivery log: who reads which feed, how far they are, which gaps they were told."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from access.admin import LookOnly, moment
from access.models import Client
from streaming.models import LoggedDelivery, LoggedGap

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

__all__ = ["DeliveryAdmin"]

_Choices = list[tuple[str, str]]


class _Client(SimpleListFilter):
    title = "client"
    parameter_name = "client"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[LoggedDelivery]) -> _Choices:
        """List the clients by name."""
        return list(Client.objects.order_by("name").values_list("id", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[LoggedDelivery]) -> QuerySet[LoggedDelivery]:
        """Keep the connections of the chosen client."""
        return queryset.filter(client=self.value()) if self.value() else queryset


class _State(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[LoggedDelivery]) -> _Choices:
        """Tell open from closed."""
        return [("open", "Open"), ("closed", "Closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LoggedDelivery]) -> QuerySet[LoggedDelivery]:
        """Keep the open or the closed connections."""
        if self.value() == "open":
            return queryset.filter(closed_at_us=0)
        return queryset.exclude(closed_at_us=0) if self.value() == "closed" else queryset


@admin.register(LoggedDelivery)
class DeliveryAdmin(LookOnly[LoggedDelivery]):
    """Connections, newest first; one's page has all that is known of it, with its gaps."""

    list_display = ("opened", "client_name", "kind", "form", "part", "sent", "acked", "closed", "why")
    list_filter = (_Client, _State)
    list_fullwidth = True
    search_fields = ("=id", "=key_id")
    search_help_text = "The whole id of a connection or a key"
    ordering = ("-id",)
    fields: ClassVar = (
        "id",
        "client_name",
        "kind",
        "key_id",
        "form",
        "part",
        "subscription",
        "opened",
        "first",
        "sent",
        "acked",
        "seen",
        "closed",
        "why",
        "process",
        "gaps",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[LoggedDelivery]:
        """Read connections with their clients' names in one query."""
        names = Client.objects.filter(pk=OuterRef("client")).values("name")
        return super().get_queryset(request).annotate(client_name=Subquery(names[:1]))

    @admin.display(description="Client", ordering="client_name")
    def client_name(self, delivery: LoggedDelivery) -> str:
        """Name the client."""
        return getattr(delivery, "client_name", None) or delivery.client

    @admin.display(description="Kind", ordering="live")
    def kind(self, delivery: LoggedDelivery) -> str:
        """Tell live from test."""
        return "live" if delivery.live else "test"

    @admin.display(description="Opened", ordering="id")
    def opened(self, delivery: LoggedDelivery) -> str:
        """Say when it began."""
        return moment(delivery.opened_at_us, "")

    @admin.display(description="Last seen", ordering="last_seen_us")
    def seen(self, delivery: LoggedDelivery) -> str:
        """Say when it was last known to be there."""
        return moment(delivery.last_seen_us, "")

    @admin.display(description="Closed", ordering="closed_at_us")
    def closed(self, delivery: LoggedDelivery) -> str:
        """Say when it ended."""
        return moment(delivery.closed_at_us, "open")

    @admin.display(description="Why", ordering="reason")
    def why(self, delivery: LoggedDelivery) -> str:
        """Say why it ended."""
        return delivery.reason.replace("_", " ")

    @admin.display(description="Gaps told")
    def gaps(self, delivery: LoggedDelivery) -> SafeString | str:
        """Show the gaps that the reader was told of, as a table."""
        told = [
            (gap.from_number, gap.to_number, gap.oldest, gap.reason, moment(gap.at_us, ""))
            for gap in LoggedGap.objects.filter(delivery=delivery.id).order_by("nth")
        ]
        if not told:
            return "none"
        row = "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
        head = format_html_join("", "<th scope='col'>{}</th>", ((h,) for h in _HEADS))
        return format_html(
            "<table class='vouch-keys'><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
            head,
            format_html_join("", row, told),
        )


_HEADS = ("From", "To", "Oldest kept", "Reason", "Told")
