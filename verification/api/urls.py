"""The addresses of the submitting half, below `/v1/`."""

from __future__ import annotations

from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularJSONAPIView

from verification.api import (
    views_capture,
    views_cases,
    views_evidence,
    views_policies,
    views_review,
    views_tickets,
)
from verification.api.views_later import later

__all__ = ["urlpatterns"]

_CASE = "cases/<slug:case>"

urlpatterns: list[URLPattern] = [
    path("cases", views_cases.Cases.as_view()),
    path(f"{_CASE}/biometrics", views_cases.biometrics),
    path(f"{_CASE}/biometrics/withdraw", views_cases.biometrics_withdraw),
    path(f"{_CASE}/challenge", views_evidence.draw_challenge),
    path(f"{_CASE}/evidence", views_evidence.evidence),
    path(f"{_CASE}/evidence/<slug:evidence>", views_evidence.original),
    path(f"{_CASE}/submit", views_cases.submit),
    path(f"{_CASE}/withdraw", views_cases.withdraw),
    path(f"{_CASE}/review", views_review.review),
    path(f"{_CASE}/decision", views_review.decision),
    path(f"{_CASE}/capture", views_capture.Capture.as_view()),
    path("capture/exchange", views_capture.exchange),
    path("clients/me/policies", views_policies.policies),
    path("clients/me/policies/<str:name>", views_policies.policy),
    path("applicants/<str:applicant>/export", later("GET", "export")),
    path("applicants/<str:applicant>/erasure", later("POST", "erasure")),
    path("applicants/<str:applicant>/retention", later("PUT", "retention")),
    path("tickets", views_tickets.mint),
    path("openapi.json", SpectacularJSONAPIView.as_view()),
]
