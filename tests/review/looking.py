"""The addresses of the back office, and what a look at one leaves in the journal."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib.admin.utils import quote
from django.test import Client as Browser
from django.urls import reverse

from events import journal
from protocol.schemas import verification_v1_pb2 as v

__all__ = ["CASES", "CLIENTS", "case_at", "client_at", "page_of", "picture_at", "views_of"]

CASES, CLIENTS = reverse("admin:verification_case_changelist"), reverse("admin:access_client_changelist")


def case_at(case: str) -> str:
    """Give the address of a case's page."""
    return reverse("admin:verification_case_change", args=[case])


def client_at(client: str) -> str:
    """Give the address of a client's page."""
    # As the list's links do: of an id like cl_22… the admin would read _22 as a quoted character.
    return reverse("admin:access_client_change", args=[quote(client)])


def page_of(browser: Browser, address: str) -> str:
    """Read a page that is there."""
    answer = browser.get(address)
    assert answer.status_code == HTTPStatus.OK, f"{answer.status_code}, {dict(answer.headers)}"
    return answer.content.decode()


def picture_at(case: str, picture: str) -> str:
    """Give the address of a picture."""
    return reverse("admin:verification_case_picture", args=[case, picture])


def views_of(case: str) -> list[tuple[str, str]]:
    """List the looks that were recorded: at what, and at which evidence."""
    said = (event.message for event in journal.after(0, subject=case))
    return [(m.what, m.evidence_id) for m in said if isinstance(m, v.PersonalDataViewed)]
