"""sentry-arroyo: a consumer whose handler does nothing, over messages that lie there already."""

from __future__ import annotations

import time
from collections.abc import Mapping

from benchmarks.peers.django_side import Asked, main

__all__ = ["consume"]


def consume(asked: Asked) -> Mapping[str, object]:
    """Take n messages through `RunTask` and `CommitOffsets`, in messages a second."""
    from arroyo.backends.kafka import KafkaConsumer  # noqa: PLC0415 - the other tasks' peers lack it
    from arroyo.backends.kafka.configuration import build_kafka_consumer_configuration  # noqa: PLC0415
    from arroyo.commit import ONCE_PER_SECOND  # noqa: PLC0415
    from arroyo.processing.processor import StreamProcessor  # noqa: PLC0415
    from arroyo.processing.strategies import CommitOffsets, RunTask  # noqa: PLC0415
    from arroyo.types import Topic  # noqa: PLC0415

    n, seen, began_s = int(str(asked["n"])), 0, 0.0

    def count(message: object) -> object:
        nonlocal seen, began_s
        began_s = began_s or time.perf_counter()
        seen += 1
        return message

    class Factory:
        """Makes the chain when partitions are assigned."""

        def create_with_partitions(self, commit: object, _partitions: object) -> object:
            """Chain the handler and the commit."""
            return RunTask(count, CommitOffsets(commit))

        def shutdown(self) -> None:
            """End nothing."""

    config = build_kafka_consumer_configuration(
        {"bootstrap.servers": str(asked["kafka"])},
        group_id=f"arroyo-{time.time_ns()}",
        auto_offset_reset="earliest",
    )
    processor = StreamProcessor(KafkaConsumer(config), Topic(str(asked["topic"])), Factory(), ONCE_PER_SECOND)
    while seen < n:
        processor._run_once()  # noqa: SLF001 - its loop has no end of its own
    rate = n / (time.perf_counter() - began_s)
    processor.signal_shutdown()
    return {"rate": rate}


if __name__ == "__main__":
    main({"consume": consume})
