"""A follower that shares its subscriber's partitions with other processes, each with a turn of its own."""

from __future__ import annotations

import random
import time
from collections.abc import Set
from dataclasses import replace

from subscriber.declare import Subscriber
from subscriber.errors import SourceAway, StoreAway, Superseded, TurnOver, Undeclared
from subscriber.follower import Follower
from subscriber.lanes import Tries
from subscriber.ledger import reached
from subscriber.lineage import Lineage, joined
from subscriber.partitions import Partition, partition_of, shared_count
from subscriber.reports import Report
from subscriber.shares import Shares
from subscriber.skips import Skip
from subscriber.source import Place, Portion, SharedSource, Source, Stray, Wanted
from subscriber.standing import Shared
from subscriber.unit import Tools
from subscriber.witness import Seen, is_there

__all__ = ["Member"]

_NONE_YET = -1
_SETTLE_EVERY_S = 1.0
_ASK_AGAIN_S = 1.0
# A group takes ten seconds to notice that a member is gone.
_MISSING_S = 60.0


class Member(Follower):
    """The running state of one process of a subscriber.

    Raises:
        ValueError: its streams differ in their number of partitions, so that no key would keep its order.
    """

    def __init__(self, subscriber: Subscriber, tools: Tools) -> None:
        super().__init__(subscriber, tools)
        count = shared_count(subscriber.streams)
        self._shares = Shares(tools.store, subscriber.name, subscriber.streams)
        self._shared = Shared(self._shares, subscriber.streams, count)
        self._generation = _NONE_YET
        self._strays: list[Stray] = []
        self._settled_s = 0.0
        # The epoch is each partition's own.
        self._epoch = ""
        # The event by which the journal is to be recognised, before anything more is believed of the log.
        self._doubt: Seen | None = None
        self._doubting = False
        self._asking = Tries()
        self._whole_s = time.monotonic()

    def open(self, source: Source | SharedSource) -> None:
        """Make the tables; no partition is ours yet."""
        with self._tools.store.transaction():
            self._ledger.prepare()
        self._source, self._doubt = source, self._witness.last()
        self._standing = self._shared
        self._begin(0)

    def report(self) -> Report:
        """Tell how far it has come; partitions that are read to their end wait for nothing."""
        read_us = min((line.read_us for line in self._lines.lines.values()), default=0)
        oldest_us = self._lanes.oldest_us() or (0 if self._live else read_us)
        return replace(super().report(), behind=self._lanes.count, oldest_us=oldest_us)

    @property
    def wanted(self) -> Wanted:
        """What to read next."""
        places = {
            partition: Place(line.progress.read, line.read_us)
            for partition, line in self._lines.lines.items()
        }
        epochs = frozenset(self._lines.reached()) - {""}
        return Wanted(generation=self._generation, places=places, epochs=epochs, limit=self.room)

    @property
    def _lines(self) -> Shared:
        if not isinstance(self._standing, Shared):
            raise TypeError("a member stands on partitions")
        return self._standing

    def share(self, portion: Portion) -> bool:
        """Take up the events of a portion that are ours; true when there was something to do.

        Raises:
            EpochChanged: the journal was restored, and lacks events that were seen before.
        """
        self._strays.extend(portion.strays)
        self._recognise()
        if portion.generation != self._generation:
            self._claim(portion)
            return True
        self._look_for_missing(portion.owned)
        self._enter(portion)
        self._pass_over(portion)
        for record in portion.records:
            self._take_up(record)
            self._look(partition_of(record), Place(record.position, record.sequenced_at_us))
        for partition, place in portion.reached.items():
            self._look(partition, place)
        self._live = self._lines.live = portion.live
        return bool(portion.records or portion.strays)

    def _recognise(self) -> None:
        """Make sure that the journal is the one that was followed before, as soon as it can be asked.

        The log alone cannot tell: after a restore that nobody declared, other events have the positions that
        were passed, and look as if they came again.
        """
        now_s = time.monotonic()
        if self._doubt is None or self._asking.not_before_s > now_s:
            return
        try:
            if not is_there(self._doubt, self._source):
                self._refuse(self._source.lineage())
        except SourceAway:
            self._asking.rest(now_s, random.random())  # noqa: S311 - jitter
            return
        self._doubt, self._asking = None, Tries(not_before_s=now_s + _ASK_AGAIN_S)

    def _refuse(self, lineage: Lineage) -> None:
        """Say what has become of the journal that was followed: restored, or put back without a word."""
        at, now = reached(self._tools.store, self._subscriber.name), lineage.now
        joined(at.epoch, at.furthest, now, at.furthest, lineage)
        raise Undeclared(had=at.epoch, has=now, position=at.furthest)

    def _look_for_missing(self, owned: Set[Partition]) -> None:
        """End when a partition that is dealt to us stays with a process that took it without being dealt it.

        One that never reached the log takes all; when it is gone, nobody else would ever read what it took.
        Started again, this process takes back what is its own.

        Raises:
            Superseded: it has lasted.
        """
        missing = owned - self._lines.lines.keys()
        if not missing:
            self._whole_s = time.monotonic()
        elif time.monotonic() - self._whole_s > _MISSING_S:
            raise Superseded(
                f"{self._subscriber.name}: another process took {len(missing)} of the partitions that are "
                "dealt to this one: start it again, and it takes them back"
            )

    def _enter(self, portion: Portion) -> None:
        if not portion.epoch:
            return
        for epoch, furthest in self._lines.reached().items():
            head = furthest if portion.head is None else portion.head
            joined(epoch, furthest, portion.epoch, head, portion.lineage)
        self._lines.enter(portion.epoch)

    def _pass_over(self, portion: Portion) -> None:
        """Count what the source left out; what comes again by the log may be another event in truth."""
        self.counts.repeated += portion.repeated
        self._skips.note_unseen(Skip.DONE_BEFORE, portion.repeated)
        self._skips.note_unseen(Skip.GONE, portion.gone)
        # The database may be away, and this portion is not given again: it is asked before anything is done.
        self._doubting = self._doubting or (portion.repeated > 0 and portion.head is None)

    def pump(self) -> bool:
        """Do whatever can be done now; a partition whose turn is over is let go."""
        try:
            self._note_doubt()
            return self._set_aside() or super().pump()
        except TurnOver as over:
            self._let_go(over)
        except StoreAway:
            # Bytes that could not be set aside yet: nothing may overtake them, or a crash would lose them.
            return False
        return True

    def _note_doubt(self) -> None:
        if self._doubting:
            self._doubt = self._doubt or self._witness.last()
            self._doubting = False

    def save_lazily(self, *, at_once: bool = False) -> None:
        """Move the checkpoints over events that nobody handled, at most once a second, then the floor."""
        before_s = self._saved_s
        try:
            self._set_aside()
            super().save_lazily(at_once=at_once)
        except TurnOver as over:
            self._let_go(over)
        if at_once or self._saved_s - max(before_s, self._settled_s) > 0:
            self._settle(at_once=at_once)

    def _settle(self, *, at_once: bool) -> None:
        now_s = time.monotonic()
        if at_once or now_s - self._settled_s >= _SETTLE_EVERY_S:
            self._settled_s = now_s
            self._shares.settle()

    def _set_aside(self) -> bool:
        """Keep bytes that are no event of ours, once, before anything after them is finished.

        Raises:
            BreakerOpen: there are too many of them.
        """
        if not self._strays:
            return False
        with self._tools.store.transaction():
            new = [stray for stray in self._strays if self._ledger.set_aside(stray, now=self._tools.clock())]
            for _ in new:
                self._breaker.failing()
        self.counts.strays += len(new)
        self._strays.clear()
        return True

    def _claim(self, portion: Portion) -> None:
        """Take over the partitions dealt to us, and drop what was under way in those that are not."""
        lines, streak = self._shares.claim(portion.owned)
        self._forget(self._lines.lines.keys())
        self._lines.own(lines, streak)
        self._breaker.streak = max(self._breaker.streak, streak)
        self._actor.parked = self._ledger.parked_keys()
        self._ledger.next_due_us = None
        self._generation, self._live = portion.generation, False

    def _let_go(self, over: TurnOver) -> None:
        lost = Partition(*over.partition)
        self._forget({lost})
        self._lines.lose(lost)

    def _forget(self, lost: Set[Partition]) -> None:
        self.counts.handed_over += self._lanes.forget(lambda record: partition_of(record) in lost)

    def _look(self, partition: Partition, place: Place) -> None:
        if partition in self._lines.lines:
            self._lines.looked(partition, place.position, place.time_us)
