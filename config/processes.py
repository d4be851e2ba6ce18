"""Which processes make the product, in the order they start, and what each may know of the others' places."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from config.environment import Environment
from config.services import beside

__all__ = ["Process", "embedded", "full", "listed"]

# A service is given its own database and never ours; ours never a service's.
_OURS: Final = ("VOUCH_DATABASE_URL", "VOUCH_REDIS_URL", "VOUCH_TLS_KEY")
_KAFKA: Final = ("VOUCH_KAFKA", "VOUCH_KAFKA_USER", "VOUCH_KAFKA_PASSWORD", "VOUCH_KAFKA_KEY")


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its name in the logs, its command line, and what it alone gets in its environment.

    `hidden` are variables that it does not get.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()


def listed(settings: Environment, *, register_port: int) -> tuple[Process, ...]:
    """List the processes of the profile that the settings ask for: full with a PostgreSQL or a Kafka.

    Args:
        settings: the operator's.
        register_port: where the example register listens, when the operator names none of their own.
    """
    chosen = full if settings.database_url or settings.kafka else embedded
    return chosen(settings, register_port=register_port)


def embedded(settings: Environment, *, register_port: int) -> tuple[Process, ...]:
    """List the processes of the embedded profile; arguments as of `listed`."""
    return (*_rooms(settings), *_services(settings), *_register(settings, register_port))


def full(settings: Environment, *, register_port: int) -> tuple[Process, ...]:
    """List the processes of the full profile; arguments as of `listed`.

    The sequencer comes first, as nobody sees an event before it has a position.
    """
    sequencer = (_managed("sequencer"),) if settings.database_url else ()
    relay = (_managed("relay"),) if settings.kafka else ()
    return (*sequencer, *_rooms(settings), *relay, *_services(settings), *_register(settings, register_port))


def _rooms(settings: Environment) -> tuple[Process, ...]:
    web = Process("web", (sys.executable, "-m", "config.web"), hidden=_theirs())
    lodgers = {one.name for one in beside(settings.inside)}
    return (web, _managed("pipeline", but=lodgers), _managed("feed"))


def _managed(name: str, but: Collection[str] = ()) -> Process:
    # `manage.py` chooses the settings, whatever those of whoever started us are: a test's, for one.
    hidden = (*_theirs(but), "DJANGO_SETTINGS_MODULE")
    return Process(name, (sys.executable, "manage.py", name), hidden=hidden)


def _services(settings: Environment) -> tuple[Process, ...]:
    return tuple(
        Process(
            one.name,
            (sys.executable, "-m", f"consumers.{one.name}", "run"),
            hidden=(*_OURS, *_theirs(but={one.name})),
        )
        for one in beside(settings.services)
        if one.name not in settings.inside
    )


def _theirs(but: Collection[str] = ()) -> tuple[str, ...]:
    """List the variables that are a service's own, but for some services'."""
    return tuple(name for one in beside() if one.name not in but for name in one.settings)


def _register(settings: Environment, port: int) -> tuple[Process, ...]:
    if settings.register_url:
        return ()
    command = (sys.executable, "-m", "examples.register", "--port", str(port))
    return (Process("register", command, hidden=(*_OURS, *_theirs(), *_KAFKA)),)
