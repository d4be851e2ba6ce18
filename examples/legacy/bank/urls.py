"""The application's addresses."""

from __future__ import annotations

from django.urls import path

from examples.legacy.bank import views

__all__ = ["urlpatterns"]

urlpatterns = [
    path("accounts/", views.accounts),
    path("accounts/<str:reference>/", views.account),
]
