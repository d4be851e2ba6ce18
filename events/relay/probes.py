"""What the doctor looks at where there is a Kafka: how far the journal is carried, and how topics are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, Final

from confluent_kafka.admin import AdminClient

from events import journal
from events.errors import RelayRefused, WrongTopic
from events.findings import Finding, Probe, Severity
from events.relay.leading import checkpoint
from events.relay.reading import resume_at
from events.relay.topics import check, copies_in, missing, wanted
from subscriber.kafka import KafkaSettings, client_config

__all__ = ["relay_probes"]

_CALL_S: Final = 10.0
# A batch takes milliseconds: an event that waits for so long (seconds) has no relay that carries it.
_SLOW_S: Final = 2.0
_STUCK_S: Final = 30.0
_SHOWN: Final = 5


def relay_probes(settings: KafkaSettings | None, clock: Callable[[], datetime]) -> tuple[Probe, ...]:
    """List the looks at the relay and its cluster; none where there is no Kafka."""
    if settings is None:
        return ()
    return (
        Probe("relay", partial(_carried, clock)),
        Probe("topics", partial(_topics, settings)),
    )


def _carried(clock: Callable[[], datetime]) -> Iterator[Finding]:
    try:
        position = resume_at(checkpoint())
    except RelayRefused as error:
        yield Finding(Severity.ACT, str(error), "mend it before the relay is started again")
        return
    waiting = journal.after(position, limit=1)
    age_s = (clock() - waiting[0].envelope.sequenced_at).total_seconds() if waiting else 0.0
    said = f"carried up to {position} of {journal.head().position}, the next event waits for {age_s:.1f} s"
    if age_s > _STUCK_S:
        yield Finding(Severity.ACT, said, "see whether `manage.py relay` runs, and its log")
    else:
        yield Finding(Severity.WATCH if age_s > _SLOW_S else Severity.FINE, said)


def _topics(settings: KafkaSettings) -> Iterator[Finding]:
    config: dict[str, Any] = {**client_config(settings), "log_level": 0}
    admin = AdminClient(config)
    topics = wanted(copies_in(admin.list_topics(timeout=_CALL_S), admin))
    absent = missing(admin, topics)
    if absent:
        shown = ", ".join(topic.name for topic in absent[:_SHOWN])
        yield Finding(Severity.WATCH, f"{len(absent)} topics are not there yet: {shown}", "start the relay")
    for topic in topics:
        if topic not in absent:
            try:
                check(admin, [topic])
            except WrongTopic as error:
                yield Finding(Severity.ACT, str(error), "as it says")
    yield Finding(Severity.FINE, f"{len(topics) - len(absent)} topics looked at")
