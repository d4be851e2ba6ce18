"""Which service is at the door: keys made at each start of the product, kept as hashes only."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from django.apps import apps
from django.db import transaction

from events.door.problems import Problem
from events.models import ServiceKey
from protocol.catalogue import STREAMS, Stream, UnknownType, stream_named

__all__ = ["identify", "issue_service_keys", "may_append", "readable", "services"]

_PREFIX: Final = "svc_"
_BEARER: Final = "Bearer "


def services() -> list[str]:
    """List who follows the journal from outside: all that the catalogue names, but for our own rooms."""
    named = {name for stream in STREAMS for name in (*stream.producers, *stream.consumers)}
    return sorted(named - {app.label for app in apps.get_app_configs()})


def issue_service_keys(names: Iterable[str]) -> dict[str, str]:
    """Make a fresh key for each service; the ones they had before are refused from now on."""
    keys = {name: _PREFIX + secrets.token_urlsafe(32) for name in names}
    with transaction.atomic():
        for name, key in keys.items():
            ServiceKey.objects.update_or_create(service=name, defaults={"key_sha256": _hash(key)})
    return keys


def identify(authorization: str) -> str:
    """Name the service that an Authorization header belongs to.

    Raises:
        Problem: 401, no service has this key.
    """
    if authorization.startswith(_BEARER):
        found = ServiceKey.objects.filter(key_sha256=_hash(authorization.removeprefix(_BEARER))).first()
        if found is not None:
            return found.service
    raise Problem(HTTPStatus.UNAUTHORIZED, "unauthorised", "no service has this key; read run.json again")


def readable(service: str, names: Iterable[str]) -> list[str]:
    """Check the streams that a service wants to read; none named: all that are for it.

    Raises:
        Problem: 400, there is no such stream; 403, it is not for this service.
    """
    wanted = [_stream(name) for name in names] or [s for s in STREAMS if service in s.consumers]
    for stream in wanted:
        if service not in stream.consumers:
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "forbidden_stream",
                f"the catalogue does not give {stream.name} to {service}",
            )
    return [stream.name for stream in wanted]


def may_append(service: str, stream: Stream) -> None:
    """Check that a service speaks on a stream.

    Raises:
        Problem: 403, it does not.
    """
    if service not in stream.producers:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "forbidden_stream",
            f"the catalogue lets {service} say nothing on {stream.name}",
        )


def _stream(name: str) -> Stream:
    try:
        return stream_named(name)
    except UnknownType as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid", str(error)) from error


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
