"""Services that run inside one of our own processes, by a setting alone ($VOUCH_INSIDE, with commas).

Their rows, their names and what they say stay as they are beside the product: the boundary can be moved in,
and out again, without a line of theirs or a row. What is different: they read the journal without the door,
and a fault of theirs takes the pipeline's process with it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module

from events.home import JournalHome
from events.source import SqlJournalSource
from subscriber import Subscriber
from subscriber.serving import Door, ServiceSpec, run, settings_of

__all__ = ["Inside", "inside"]


class Inside:
    """The way of a service that lives with the journal; see `subscriber.serving.Way`."""

    said = "the journal from inside, and the door for applicants' keys,"

    def __init__(self, spec: ServiceSpec) -> None:
        self._spec = spec

    def source(self, _door: Door, _subscriber: Subscriber) -> SqlJournalSource:
        """Read by our own connection."""
        return SqlJournalSource(self._spec.streams)

    def home(self, _door: Door) -> JournalHome:
        """Write by our own connection, as what the catalogue lets the service say."""
        return JournalHome(self._spec.name)


@contextmanager
def inside(names: Collection[str], stop: threading.Event) -> Iterator[None]:
    """Run services in threads while the block runs; the first that cannot go on ends the process's work.

    Args:
        names: of services under `consumers/`.
        stop: ends them, and is set by them.

    Raises:
        SubscriberError: one cannot go on; the message says what to do.
    """

    def follow(name: str) -> None:
        try:
            spec: ServiceSpec = import_module(f"consumers.{name}.service").SPEC
            run(spec, settings_of(name), stop, Inside(spec))
        finally:
            stop.set()

    if not names:
        yield
        return
    with ThreadPoolExecutor(len(names), thread_name_prefix="inside") as threads:
        running = [threads.submit(follow, name) for name in sorted(names)]
        try:
            yield
        finally:
            stop.set()
        for ended in running:
            ended.result()
