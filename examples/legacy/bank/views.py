"""The API that others have built on, and that stays as it is.

POST /accounts/                     {"reference", "customer", "product", "deposit_pence"} → 201, the account
GET  /accounts/REFERENCE/           the account, and whether its letter was sent
GET  /accounts/?customer=NUMBER     a customer's accounts
"""

from __future__ import annotations

import json
import time

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from examples.legacy.bank import settings
from examples.legacy.bank.models import Account
from examples.legacy.bank.stage import glance
from examples.legacy.language.streams import WELCOME

__all__ = ["account", "accounts"]

_PRODUCTS = {"current", "savings", "student"}
_LOOK_EVERY_S = 0.02


@csrf_exempt
@require_http_methods(["GET", "POST"])
def accounts(request: HttpRequest) -> HttpResponse:
    """Open an account, or list a customer's."""
    if request.method == "POST":
        return _open(request)
    found = Account.objects.filter(customer=request.GET.get("customer", "")).order_by("reference")
    return JsonResponse({"accounts": [_shown(one) for one in found]})


@require_GET
def account(_request: HttpRequest, reference: str) -> HttpResponse:
    """Show an account."""
    found = Account.objects.filter(pk=reference).first()
    if found is None:
        return JsonResponse({"error": "no such account"}, status=404)
    return JsonResponse({**_shown(found), "letter": _letter(found)})


def _open(request: HttpRequest) -> HttpResponse:
    new = _read(request.body)
    if new is None:
        return JsonResponse(
            {"error": "reference, customer, product and deposit_pence are needed"}, status=400
        )
    try:
        new.save(force_insert=True)
    except IntegrityError:
        return JsonResponse({"error": "the reference is taken"}, status=409)
    return JsonResponse(_shown(new), status=201)


def _read(body: bytes) -> Account | None:
    try:
        said = json.loads(body)
        new = Account(
            reference=str(said["reference"])[:64],
            customer=str(said["customer"])[:32],
            product=str(said["product"]),
            deposit_pence=int(said["deposit_pence"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
    return new if new.reference and new.product in _PRODUCTS else None


def _shown(one: Account) -> dict[str, object]:
    return {
        "reference": one.reference,
        "customer": one.customer,
        "product": one.product,
        "deposit_pence": one.deposit_pence,
        "daily_limit_pence": one.daily_limit_pence,
        "status": one.status,
    }


def _letter(one: Account) -> str:
    """Tell of the letter; of an account just opened, wait for it as whoever opened it once did."""
    away = glance().letters_by == WELCOME
    until_s = time.monotonic() + settings.LETTER_WAIT_S - (now() - one.opened_at).total_seconds()
    while away and one.letter == "pending" and time.monotonic() < until_s:
        time.sleep(_LOOK_EVERY_S)
        one.refresh_from_db(fields=["letter"])
    return one.letter
