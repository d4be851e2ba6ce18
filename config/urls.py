"""Which room answers which address; where two rooms own one path, they are joined by method here."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import health
from streaming import snapshot
from streaming.deliveries import listing
from verification.api.problems import bad_request, not_found, server_error

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]

handler400, handler404, handler500 = bad_request, not_found, server_error

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("admin/", admin.site.urls),
    path("v1/cases/<uuid:case>", snapshot.view),
    path("v1/clients/me/deliveries", listing.view),
    path("v1/", include("verification.api.urls")),
    path("capture/", include("verification.capture_page")),
    path("catalogue/", include("events.catalogue_page")),
]
