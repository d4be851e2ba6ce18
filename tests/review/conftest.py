"""A reviewer at the back office, and a case to look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from pytest_django import Settings

from access.principals import Principal
from events.keys import forget_cached
from tests.review.building import Desk, case_of, company


@pytest.fixture(autouse=True)
def _places(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    settings.STATIC_ROOT = None
    forget_cached()
    yield
    forget_cached()


@pytest.fixture
def asker(db: None) -> Principal:
    return company()


@pytest.fixture
def desk(asker: Principal, tmp_path: Path) -> Desk:
    return Desk(case_of(asker), tmp_path)


def signed_in(name: str, *, staff: bool, may: tuple[str, ...] = ()) -> Browser:
    """Sign somebody in who has some permissions."""
    user = User.objects.create(username=name, is_staff=staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=may))
    browser = Browser(raise_request_exception=False)
    browser.force_login(user)
    return browser


@pytest.fixture
def reviewer(db: None) -> Browser:
    return signed_in("reviewer", staff=True, may=("view_case", "view_client"))
