"""Whose web pages may follow: ours, and those of the origins that the operator names.

A feed takes no cookie, so a page of somebody else's has nothing to ride on; it is turned away all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings

__all__ = ["allow_headers", "is_allowed", "origin_of"]

_Headers = Iterable[tuple[bytes, bytes]]


def origin_of(headers: _Headers) -> str:
    """Give the Origin that a browser has sent; empty: none, so it is no page that asks."""
    return dict(headers).get(b"origin", b"").decode("latin-1").lower()


def is_allowed(headers: _Headers) -> bool:
    """Tell whether a request comes from no page, from one of ours, or from an allowed origin."""
    origin = origin_of(headers)
    host = dict(headers).get(b"host", b"").decode("latin-1").lower()
    return not origin or origin in settings.FEED_ORIGINS or urlsplit(origin).netloc == host


def allow_headers(headers: _Headers) -> list[tuple[bytes, bytes]]:
    """Give the header fields by which a browser lets an allowed page read the answer (Fetch, CORS)."""
    origin = origin_of(headers)
    if origin not in settings.FEED_ORIGINS:
        return [(b"vary", b"Origin")]
    return [
        (b"vary", b"Origin"),
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-allow-methods", b"GET"),
        (b"access-control-allow-headers", b"authorization, last-event-id"),
        (b"access-control-expose-headers", b"retry-after"),
        (b"access-control-max-age", b"600"),
    ]
