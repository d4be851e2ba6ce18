"""How the back office looks: its name, its colours and its menu (settings of django-unfold)."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

__all__ = ["UNFOLD"]

_WAITING: Final = "in_review"


def _cases(_request: HttpRequest) -> str:
    return reverse("admin:verification_case_changelist")


def _waiting(request: HttpRequest) -> str:
    return f"{_cases(request)}?status={_WAITING}"


def _is_waiting(request: HttpRequest) -> bool:
    return request.path == _cases(request) and request.GET.get("status") == _WAITING


def _is_cases(request: HttpRequest) -> bool:
    return request.path.startswith(_cases(request)) and not _is_waiting(request)


def _may_see_cases(request: HttpRequest) -> bool:
    return request.user.has_perm("verification.view_case")


def _may_see_clients(request: HttpRequest) -> bool:
    return request.user.has_perm("access.view_client")


def _may_see_deliveries(request: HttpRequest) -> bool:
    return request.user.has_perm("streaming.view_loggeddelivery")


UNFOLD: Final[dict[str, object]] = {
    "SITE_TITLE": "Vouch",
    "SITE_HEADER": "Vouch",
    "SITE_SUBHEADER": "Back office",
    "SITE_SYMBOL": "verified_user",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda _request: static("verification/review.css")],
    "COLORS": {
        # Tailwind's "sky", in the form that unfold takes.
        "primary": {
            "50": "oklch(97.7% .013 236.62)",
            "100": "oklch(95.1% .026 236.824)",
            "200": "oklch(90.1% .058 230.902)",
            "300": "oklch(82.8% .111 230.318)",
            "400": "oklch(74.6% .16 232.661)",
            "500": "oklch(68.5% .169 237.323)",
            "600": "oklch(50% .134 242.749)",
            "700": "oklch(44.3% .11 240.79)",
            "800": "oklch(39.1% .09 240.876)",
            "900": "oklch(33% .07 243)",
            "950": "oklch(29.3% .066 243.157)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                "items": [
                    {"title": "Overview", "icon": "home", "link": reverse_lazy("admin:index")},
                    {
                        "title": "Waiting for a person",
                        "icon": "person_search",
                        "link": _waiting,
                        "active": _is_waiting,
                        "permission": _may_see_cases,
                    },
                    {
                        "title": "All cases",
                        "icon": "folder_open",
                        "link": _cases,
                        "active": _is_cases,
                        "permission": _may_see_cases,
                    },
                    {
                        "title": "Clients",
                        "icon": "apartment",
                        "link": reverse_lazy("admin:access_client_changelist"),
                        "permission": _may_see_clients,
                    },
                    {
                        "title": "Deliveries",
                        "icon": "sync_alt",
                        "link": reverse_lazy("admin:streaming_loggeddelivery_changelist"),
                        "permission": _may_see_deliveries,
                    },
                ]
            }
        ],
    },
}
