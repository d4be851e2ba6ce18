"""One recording at work: every event of its streams, in the journal's order, a batch in each transaction."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import Final

from protocol.records import Recorded
from subscriber.counts import Counts
from subscriber.declare import Recording
from subscriber.errors import EpochChanged, StoreAway, Undeclared
from subscriber.lanes import Tries
from subscriber.ledger import Ledger
from subscriber.lineage import joined
from subscriber.progress import Progress
from subscriber.reports import Report
from subscriber.source import Batch, SharedSource, Source
from subscriber.unit import Tools
from subscriber.witness import Witness, is_there

__all__ = ["Recorder"]

# What a long answer has ready at once; a transaction of so many takes some 50 ms on SQLite.
_BATCH: Final = 2_000
_SAVE_EVERY_S: Final = 1.0


class Recorder:
    """The running state of one recording; a runner hosts it as it hosts a follower."""

    def __init__(self, name: str, recording: Recording, tools: Tools) -> None:
        self._name = name
        self._recording = recording
        self._tools = tools
        self._ledger = Ledger(tools.store, name)
        self._witness = Witness(tools.store, name)
        self._waiting: list[Recorded] = []
        self._rest = Tries()
        self._epoch, self._read, self._floor, self._head = "", 0, 0, 0
        self._saved_s = 0.0
        self.counts = Counts()

    def open(self, source: Source | SharedSource) -> None:
        """Take the recording over from whoever kept it before, and go on where that one stopped.

        Raises:
            SourceAway: the source cannot be asked now whether it is the journal that was recorded before.
            Undeclared: it is not, and nobody has said that it was restored.
        """
        lineage = source.lineage()
        self._epoch, progress, _ = self._ledger.open()
        self._read = self._floor = progress.floor
        if self._epoch and lineage.now:
            common = lineage.common(self._epoch, self._floor)
            if common < self._floor:
                self._go_back(lineage.now, common)
        if not is_there(self._witness.last(), source):
            raise Undeclared(had=self._epoch, has=lineage.now, position=self._floor)

    @property
    def cursor(self) -> int:
        """The position to read after."""
        return self._read

    @property
    def floor(self) -> int:
        """Everything up to this position is recorded."""
        return self._floor

    @property
    def room(self) -> int:
        """How many more events it can take now."""
        return max(0, _BATCH - len(self._waiting))

    def report(self) -> Report:
        """Tell how far it has come, as a value for other threads."""
        return Report(
            name=self._name,
            floor=self._floor,
            behind=max(0, self._head - self._floor),
            oldest_us=self._waiting[0].sequenced_at_us if self._waiting else 0,
            parked_keys=0,
            counts=replace(self.counts),
        )

    def take(self, batch: Batch) -> bool:
        """Take the events of a batch; true when there were any.

        Raises:
            Undeclared: the journal lacks events that were recorded, and nobody has said that it was restored.
        """
        if batch.epoch != self._epoch or batch.head < self._read:
            try:
                self._epoch = joined(self._epoch, self._read, batch.epoch, batch.head, batch.lineage)
            except EpochChanged as changed:
                self.turn_back(changed)
                return True
        self._waiting.extend(batch.records)
        self._read, self._head = max(self._read, batch.through), batch.head
        return bool(batch.records)

    def turn_back(self, changed: EpochChanged) -> None:
        """Go back to the last position that the restored journal shares with what was recorded.

        Raises:
            Undeclared: nobody has said that it was restored.
        """
        if isinstance(changed, Undeclared):
            raise changed
        self._go_back(changed.has, min(changed.common, self._floor))

    def pump(self) -> bool:
        """Append what has come; true when something was."""
        now_s = time.monotonic()
        if not self._waiting or self._rest.not_before_s > now_s:
            return False
        try:
            self._append()
        except StoreAway:
            self.counts.waits += 1
            self._rest.rest(now_s, random.random())  # noqa: S311 - jitter
            return False
        self._rest = Tries()
        return True

    def save_lazily(self, *, at_once: bool = False) -> None:
        """Move the checkpoint over events of other streams, at most once a second."""
        late = at_once or time.monotonic() - self._saved_s >= _SAVE_EVERY_S
        if late and not self._waiting and self._read > self._floor:
            with self._tools.store.transaction():
                self._save(self._epoch, self._read)
            self._floor = self._read

    def _append(self) -> None:
        with self._tools.store.transaction():
            self._recording.append(self._waiting, self._tools.store)
            self._witness.save(self._waiting)
            self._save(self._epoch, self._read)
        self.counts.handled += len(self._waiting)
        self._waiting = []
        self._floor = self._read

    def _save(self, epoch: str, floor: int) -> None:
        self._ledger.save(epoch, Progress(floor), 0)
        self._saved_s = time.monotonic()

    def _go_back(self, epoch: str, common: int) -> None:
        with self._tools.store.transaction():
            self._witness.forget_after(common)
            self._save(epoch, common)
        self._waiting = []
        self._epoch, self._read, self._floor = epoch, common, common
