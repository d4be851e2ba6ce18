"""The back office's clients and their keys; and the base of every page that staff only look at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from access.dials import on_trust, register_dial
from access.models import Client, ClientKey, SharingMember
from access.policies import policies_of
from access.sharing import members_of
from protocol.ids import from_us
from protocol.policies import Policy, write

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
else:
    from unfold.admin import ModelAdmin as _Unfold

    class ModelAdmin(_Unfold):
        """Unfold's page of a table, which its stubs would let us name with the table's type."""

        __class_getitem__ = classmethod(lambda cls, _model: cls)


__all__ = ["ClientAdmin", "LookOnly", "moment"]

M = TypeVar("M", bound=Model)

# Staff are added on the command line (`manage.py createsuperuser`); nobody is from a browser.
admin.site.unregister([User, Group])


class LookOnly(ModelAdmin[M]):
    """A table that staff look at: nothing is added, changed or deleted, only GET and HEAD are answered."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse adding."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Refuse changing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Refuse deleting."""
        return False

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Show the list."""
        return super().changelist_view(request, extra_context)

    @method_decorator(require_safe)
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Show one row."""
        return super().changeform_view(request, object_id, form_url, extra_context)


@admin.register(Client)
class ClientAdmin(LookOnly[Client]):
    """Clients with their keys: a key's id, what it may do and how long, never the key or its hash."""

    list_display = ("name", "id", "keys_in_use", "time_zone", "added")
    search_fields = ("name", "=id")
    search_help_text = "Name, or the whole id"
    ordering = ("name",)
    fields: ClassVar = (
        *("name", "id", "time_zone", "added", "reviewers", "keys", "policies"),
        *("register_dial", "trust", "sharing"),
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Client]:
        """Read clients with the number of their keys that are not revoked."""
        keys = ClientKey.objects.filter(client=OuterRef("pk"), revoked_at_us=0).order_by()
        count = keys.values("client").annotate(n=Count("pk")).values("n")
        return super().get_queryset(request).annotate(keys_in_use=Coalesce(Subquery(count), 0))

    @admin.display(description="Keys not revoked", ordering="keys_in_use")
    def keys_in_use(self, client: Client) -> int:
        """Give the number of keys that are not revoked."""
        return int(getattr(client, "keys_in_use", 0))

    @admin.display(description="Added", ordering="added_at_us")
    def added(self, client: Client) -> str:
        """Say when the client was added."""
        return moment(client.added_at_us, "never")

    @admin.display(description="Own reviewers")
    def reviewers(self, client: Client) -> str:
        """Say whether people of the client's own may decide its cases."""
        return "may decide its cases" if client.own_reviewers else "decide no cases"

    @admin.display(description="Keys")
    def keys(self, client: Client) -> SafeString:
        """Show the client's keys as a table."""
        return _table(
            ("Key", "Cases", "May", "Expires", "Revoked"),
            _keys(ClientKey.objects.filter(client=client.id).order_by("revoked_at_us", "key_id")),
        )

    @admin.display(description="Policies in force")
    def policies(self, client: Client) -> SafeString:
        """Show what the client lets follow from the facts, and for which stakes."""
        return _table(("Policy", "Version", "For a stake", "Says"), map(_policy, policies_of(client.id)))

    @admin.display(description="Sharing groups")
    def sharing(self, client: Client) -> SafeString | str:
        """Show in which groups the client's cases are compared with others', and on what ground."""
        rows = members_of(client.id)
        return _table(("Group", "From", "To", "Legal ground"), map(_membership, rows)) if rows else "none"

    @admin.display(description="While the licence register is away")
    def register_dial(self, client: Client) -> SafeString | str:
        """Say what is done then: which stakes are approved on trust."""
        dial = register_dial(client.id)
        if not dial.on:
            return "asked until the case's deadline, then the policy decides without it"
        rows = ((x.currency, x.cap, x.up_to or "the cap") for x in dial.limits)
        limits = _table(("On trust meanwhile, in", "At once", "In one case"), rows)
        return format_html("waited for {} minutes{}", dial.wait_s // 60, limits)

    @admin.display(description="Stands approved on trust now")
    def trust(self, client: Client) -> SafeString | str:
        """Show how much is approved on trust at this moment."""
        stands = on_trust(client.id, now=timezone.now())
        rows = ((x.currency, str(x.amount), str(x.cases), "live" if x.live else "test") for x in stands)
        return _table(("Currency", "Sum of stakes", "Cases", "Of"), rows) if stands else "nothing"


def _table(heads: Iterable[str], rows: Iterable[tuple[str | SafeString, ...]]) -> SafeString:
    """Make a table of which each row is named by its first cell."""
    body = format_html_join(
        "", "<tr><th scope='row'>{}</th>{}</tr>", ((row[0], _cells(row[1:])) for row in rows)
    )
    head = format_html_join("", "<th scope='col'>{}</th>", ((h,) for h in heads))
    return format_html(
        "<table class='vouch-keys'><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body
    )


def _cells(cells: Iterable[str | SafeString]) -> SafeString:
    return format_html_join("", "<td>{}</td>", ((cell,) for cell in cells))


def _membership(row: SharingMember) -> tuple[str, ...]:
    ends_us = row.left_at_us or row.until_us
    return row.sharing_group, moment(row.from_us, ""), moment(ends_us, "open"), row.legal_ground


def _policy(policy: Policy) -> tuple[str | SafeString, ...]:
    said = {name: value for name, value in write(policy).items() if name != "stake"}
    words = json.dumps(said, indent=1)
    shown = format_html("<details><summary>rules</summary><pre>{}</pre></details>", words)
    return policy.ref.name, str(policy.ref.version), _stake(policy), shown


def _stake(policy: Policy) -> str:
    """Write for which stakes a policy is, as staff read it."""
    if policy.stake is None:
        return "any other" if policy.otherwise else "none; by name only"
    ends = [f"over {policy.stake.over}"] if policy.stake.over is not None else []
    ends += [f"up to {policy.stake.up_to}"] if policy.stake.up_to is not None else []
    return f"{' '.join(ends) or 'any'} {policy.stake.currency}"


def _keys(keys: Iterable[ClientKey]) -> Iterable[tuple[str, ...]]:
    for key in keys:
        yield (
            key.key_id,
            "live" if key.live else "test",
            ", ".join(key.scopes) or "nothing",
            moment(key.expires_at_us, "never"),
            moment(key.revoked_at_us, "no"),
        )


def moment(us: int, otherwise: str) -> str:
    """Write a moment for staff, given in microseconds since 1970 UTC; `otherwise` when there is none."""
    return f"{from_us(us):%-d %b %Y %H:%M} UTC" if us else otherwise
