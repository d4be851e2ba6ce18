"""The back office's cases: a list, the page of one case, and its pictures; every look is recorded first."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from access.admin import LookOnly
from access.models import Client
from events.errors import KeysAway, KeysError
from protocol.case_state import load
from protocol.ids import to_us
from protocol.schemas import verification_v1_pb2 as v
from verification import cases
from verification.evidence_store import EvidenceDamaged, EvidenceMissing
from verification.models import Case
from verification.review import case_page, pictures, timeline
from verification.review.filters import FILTERS
from verification.review.people import lock_of
from verification.review.redraw import CannotRedraw
from verification.review.words import badge, clock

__all__ = ["CaseAdmin"]

admin.site.index_template = "verification/review/index.html"

# Reviewers are the only staff there are for now.
_GROUND = "review"


@admin.register(Case)
class CaseAdmin(LookOnly[Case]):
    """Cases: nothing personal in the list; a case's page and each of its pictures are recorded as views."""

    list_display = ("named", "shown_status", "client_name", "stake", "decided", "kind", "opened")
    list_filter = FILTERS
    list_fullwidth = True
    search_fields = ("^reference", "=id", "=applicant")
    search_help_text = "Start of the client's reference, or the whole id of a case or an applicant"
    ordering = ("-id",)

    class Media:
        """Styles of the badges."""

        css = {"all": ("verification/review.css",)}  # noqa: RUF012 - Django's own form of this declaration

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """Read cases with their clients' names in one query."""
        names = Client.objects.filter(pk=OuterRef("client")).values("name")
        return super().get_queryset(request).annotate(client_name=Subquery(names[:1]))

    def get_urls(self) -> list[URLPattern]:
        """Add the address of a case's pictures."""
        view = self.admin_site.admin_view(self.picture_view)
        name = "verification_case_picture"
        return [path("<uuid:case>/pictures/<uuid:picture>", view, name=name), *super().get_urls()]

    @admin.display(description="Reference", ordering="reference")
    def named(self, case: Case) -> str:
        """Give the client's own name of the case."""
        return case.reference

    @admin.display(description="Status", ordering="status")
    def shown_status(self, case: Case) -> SafeString:
        """Show the status."""
        return badge(case.status)

    @admin.display(description="Client", ordering="client_name")
    def client_name(self, case: Case) -> str:
        """Name the client."""
        return getattr(case, "client_name", None) or case.client

    @admin.display(description="Stake")
    def stake(self, case: Case) -> str:
        """Show what is at stake."""
        return f"{case.stake_amount} {case.stake_currency}"

    @admin.display(description="Decision")
    def decided(self, case: Case) -> SafeString | str:
        """Show the decision as it stands."""
        decision = load(bytes(case.state)).decision
        if decision is None:
            return "none"
        return badge(decision.outcome, f"{decision.outcome}, {decision.state_at(to_us(timezone.now()))}")

    @admin.display(description="Kind", ordering="live")
    def kind(self, case: Case) -> SafeString:
        """Tell live from test."""
        return badge("live" if case.live else "test")

    @admin.display(description="Opened", ordering="id")
    def opened(self, case: Case) -> str:
        """Say when the case was opened."""
        return clock(case.opened_at_us)

    @method_decorator(require_safe)
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Show a case with everything that is known of it; the view is recorded before it is shown."""
        if not object_id or not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            self.message_user(request, "There is no case of that id.", messages.WARNING)
            return redirect("admin:verification_case_changelist")
        _note(request, row.id, "case")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Case {row.reference}",
            "is_fullwidth": "1",
            "page": case_page.read(row),
            "client": self.client_name(row),
        }
        return TemplateResponse(request, "verification/review/case.html", context)

    @method_decorator(require_safe)
    def picture_view(self, request: HttpRequest, case: object, picture: object) -> HttpResponse:
        """Show one picture of a case, drawn anew; the view is recorded before it is shown."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, str(case))
        found = pictures.find(timeline.history(row.id), str(picture)) if row else None
        if row is None or found is None:
            return _words("The case has no such picture.", 404)
        _note(request, row.id, "evidence", found.id)
        return _drawn(row.applicant, found)


def _note(request: HttpRequest, case: str, what: str, evidence: str = "") -> None:
    viewed = v.PersonalDataViewed(
        staff_id=f"staff:{request.user.pk}", what=what, evidence_id=evidence, ground=_GROUND
    )
    cases.note_view(case, viewed, now=timezone.now())


def _drawn(applicant: str, picture: pictures.Picture) -> HttpResponse:
    try:
        jpeg = pictures.jpeg_of(applicant, picture)
    except KeysError as error:
        why = lock_of(applicant, picture.personal) or "The picture does not open."
        return _words(why, 503 if isinstance(error, KeysAway) else 410)
    except EvidenceMissing:
        return _words("The evidence store has not got this file. Tell whoever runs this installation.", 404)
    except EvidenceDamaged:
        return _words("The file is damaged. Tell whoever runs this installation.", 500)
    except CannotRedraw:
        return _words("The file cannot be drawn anew: it may be damaged.", 422)
    response = HttpResponse(jpeg, content_type="image/jpeg")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _words(words: str, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
