"""Where the partitions end, asked every second: sign of life, lag, and how far idle partitions have come.

A place seen in one partition was carried in a transaction that is over, and everything before it too. So once
every partition has been read to the end that it had after the place was seen, each has passed that place.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException

from subscriber.errors import SourceAway
from subscriber.kafka.asking import told_of_each, written
from subscriber.partitions import Partition, partitions_of
from subscriber.source import NOWHERE, Place

__all__ = ["Ends"]

_EVERY_S: Final = 1.0
_ANSWER_S: Final = 2.0
_Offsets = dict[Partition, int]


class Ends:
    """The offsets after the last message of every partition of some streams, open transactions included.

    A consumer that is in no group asks, in a thread of its own. The library's admin client would not block,
    and burns a core and a half while one broker is away; where a partition has no leader it gives neither an
    offset nor an error.
    """

    def __init__(self, config: Mapping[str, str | int | float | bool], streams: Sequence[str]) -> None:
        # A consumer wants the name of a group even where it joins none.
        alone = {"group.id": "ends", "enable.auto.commit": False, "isolation.level": "read_uncommitted"}
        self._consumer = Consumer({**config, **alone})
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ends")
        self._partitions = partitions_of(streams)
        self._asked: tuple[Place, Future[_Offsets]] | None = None
        self._asked_s = 0.0
        self._barrier: tuple[Place, _Offsets] | None = None
        self.last: _Offsets = {}
        self.heard_s = 0.0

    def look(self, seen: Place) -> bool:
        """Ask when it is time, take the answer when it has come; true when one came.

        Args:
            seen: the highest place read so far, in whichever partition.
        """
        if self._asked is not None:
            return self._take(*self._asked)
        if time.monotonic() - self._asked_s >= _EVERY_S:
            self._asked_s = time.monotonic()
            self._asked = seen, self._thread.submit(self._ask, self._partitions, OFFSET_END)
        return False

    def passed(self, read: Mapping[Partition, int]) -> Place:
        """Give a place that all of the partitions read have passed; `read` has the next offset of each."""
        if self._barrier is None or not _reached(read, self._barrier[1]):
            return NOWHERE
        place, self._barrier = self._barrier[0], None
        return place

    def reached(self, read: Mapping[Partition, int]) -> bool:
        """Tell whether every partition was read to the end last heard of."""
        return bool(self.last) and _reached(read, self.last)

    def get(self, partitions: Set[Partition], *, first: bool = False) -> dict[Partition, int]:
        """Ask and wait: for the ends, or for the first offset that is kept.

        Raises:
            SourceAway: no answer, or none for one of them.
        """
        what = OFFSET_BEGINNING if first else OFFSET_END
        return self._thread.submit(self._ask, partitions, what).result()

    def forget(self) -> None:
        """Start anew: what was asked for belongs to partitions that are no longer read."""
        self._barrier, self._asked, self.last = None, None, {}

    def close(self) -> None:
        """Ask no more."""
        self._thread.shutdown(cancel_futures=True)
        self._consumer.close()

    def _ask(self, partitions: Set[Partition], what: int) -> _Offsets:
        wanted = written(dict.fromkeys(partitions, what))
        try:
            found = told_of_each(lambda: self._consumer.offsets_for_times(wanted, _ANSWER_S))
        except SourceAway as away:
            self._failed(away.__cause__)
            raise
        if min(found.values(), default=0) < 0:
            self._failed(None)
            raise SourceAway("Kafka does not say where all of its partitions end")
        self.heard_s = time.monotonic()
        return found

    def _take(self, seen: Place, answer: Future[_Offsets]) -> bool:
        if not answer.done():
            return False
        self._asked = None
        try:
            self.last = answer.result()
        except SourceAway:
            return False
        if self._barrier is None and seen.position:
            self._barrier = seen, self.last
        return True

    def _failed(self, cause: BaseException | None) -> None:
        """Learn who leads now: for partitions that it does not read, the library goes on with the past."""
        # Whoever refuses is there; a cluster without our topics is as good as none: the relay comes first.
        code = cause.args[0].code() if isinstance(cause, KafkaException) else 0
        if code > 0 and code != KafkaError.UNKNOWN_TOPIC_OR_PART:
            self.heard_s = time.monotonic()
        with contextlib.suppress(KafkaException):
            self._consumer.list_topics(timeout=_ANSWER_S)


def _reached(read: Mapping[Partition, int], ends: Mapping[Partition, int]) -> bool:
    return all(at >= ends.get(partition, 0) for partition, at in read.items())
