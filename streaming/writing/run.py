"""The feed writer as it runs: the journal in, numbered public records out, into the feed's own database."""

from __future__ import annotations

import structlog

from events import journal
from events.emitting import JournalEmitter
from events.source import SqlJournalSource
from events.store import DjangoStore
from streaming.reading.doorbell import Bell, RingingStore, doorbell
from streaming.writing.rebuild import bring_up_to_epoch, is_ahead, rebuild_feed
from streaming.writing.writer import feed_writer
from subscriber import Runner

__all__ = ["bring_up_to_journal", "build_runner"]

_log = structlog.get_logger("vouch.feed")


def build_runner() -> Runner:
    """Join the writer to the journal and the feed's database; `run` it in a process of its own."""
    writer = feed_writer()
    source, layer = SqlJournalSource(writer.streams), doorbell()
    feed = DjangoStore("feed")
    store = feed if layer is None else RingingStore(feed, Bell(layer).ring)
    return Runner([writer], source, store, JournalEmitter("streaming"))


def bring_up_to_journal() -> None:
    """Take from the feeds what a restore has taken from the journal, and give each the journal's epoch."""
    feed = DjangoStore("feed")
    if is_ahead(feed):
        done = rebuild_feed()
        _log.warning("feed_rebuilt_after_restore", position=done.position, rows=len(done.differences))
    if epoch := journal.head().epoch:
        bring_up_to_epoch(feed, epoch)
