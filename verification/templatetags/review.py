"""Words and figures for the back office's templates."""

from __future__ import annotations

from django import template
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db.models import Count
from django.utils.safestring import SafeString

from verification.models import Case
from verification.review import words

__all__ = ["badge", "clock", "label", "overview", "register", "tone"]

register = template.Library()

_NEWEST = 10


@register.filter
def label(code: str) -> str:
    """Write a code as words."""
    return words.label(code)


@register.filter
def clock(us: int) -> str:
    """Write a moment."""
    return words.clock(us)


@register.filter
def tone(code: str) -> str:
    """Tell in which tone a status is shown."""
    return words.tone(code)


@register.filter
def badge(code: str) -> SafeString:
    """Show a status in its tone."""
    return words.badge(code)


@register.simple_tag
def overview(user: AbstractBaseUser | AnonymousUser) -> dict[str, object] | None:
    """Count cases by status and list the newest that wait for a person; None: not for this user's eyes."""
    if not isinstance(user, PermissionsMixin) or not user.has_perm("verification.view_case"):
        return None
    counts = Case.objects.values_list("status").annotate(n=Count("pk")).order_by("-n")
    waiting = Case.objects.filter(status="in_review").order_by("id")[:_NEWEST]
    return {"counts": list(counts), "waiting": list(waiting)}
