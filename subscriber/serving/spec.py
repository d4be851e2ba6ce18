"""What an author writes of a service, for its process and its command line."""

from __future__ import annotations

import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from subscriber.declare import Subscriber
from subscriber.serving.settings import ServiceSettings
from subscriber.store import Store

__all__ = ["ServiceSpec", "Verb"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A command of one service's own, `python -m consumers.NAME VERB`.

    `arguments` gives the parser what the command takes; `do` gives the exit code.
    """

    name: str
    help: str
    do: Callable[[ServiceSettings, Namespace], int]
    arguments: Callable[[ArgumentParser], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """A service: `name` never changes, as its checkpoint and the keys at the product's door lie under it.

    `streams` are the catalogue's. `prepare` makes the service's tables where there are none. `build` gives
    the subscriber that lives on them. `threads`: how many of its works may wait for others at once; 0: works
    are done in the runner's own thread. `beside`, in a thread of its own for as long as one version of the
    database is in use, does what no event asks for; it gets that version and when to stop.
    """

    name: str
    streams: tuple[str, ...]
    prepare: Callable[[Store], None]
    build: Callable[[ServiceSettings], Subscriber]
    threads: int = 0
    beside: Callable[[ServiceSettings, str, threading.Event], None] | None = None
    verbs: tuple[Verb, ...] = ()
