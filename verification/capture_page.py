"""The plain page behind `capture.url`, on which an applicant sends a document and a clip from a browser."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

__all__ = ["page", "urlpatterns"]

# Scripts and styles from files of ours only; the page talks to its own server only, and is framed by nobody.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the page: the same for everybody, as the code stands in the fragment that no server sees."""
    response = render(request, "verification/capture.html")
    response["Content-Security-Policy"] = _POLICY
    response["Permissions-Policy"] = "camera=(self), microphone=()"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


urlpatterns: list[URLPattern] = [path("", page)]
