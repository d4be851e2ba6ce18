"""The feed writer as it runs: the journal in, numbered public records out, into the feed's own file."""

from __future__ import annotations

from events.emitting import JournalEmitter
from events.source import SqlJournalSource
from events.store import DjangoStore
from streaming.writer import feed_writer
from subscriber import Runner

__all__ = ["build_runner"]


def build_runner() -> Runner:
    """Join the writer to the journal and the feed's database; `run` it in a process of its own."""
    writer = feed_writer()
    source, store = SqlJournalSource(writer.streams), DjangoStore("feed")
    return Runner([writer], source, store, JournalEmitter("streaming"))
