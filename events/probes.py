"""What the doctor looks at in the memory and in its followers inside: order, schema, lag, losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Final

from django.db import connections

from events import epochs, journal
from events.database import DATABASE
from events.findings import Finding, Probe, Severity
from events.history import Span, records
from events.models import Statistic
from events.source import SqlJournalSource
from events.statistics import DROPPED
from events.store import DjangoStore
from protocol.catalogue import knows
from protocol.ids import to_us
from subscriber.health import lag
from subscriber.ledger import reached
from subscriber.letters import Letters
from subscriber.skips import skipped
from subscriber.store import Store
from subscriber.tables import make_tables
from subscriber.witness import Witness, is_there

__all__ = ["followers_of", "journal_probes"]

# Positions looked at for holes; `journal verify` reads them all.
_RECENT: Final = 10_000
# A follower further behind is worth a look, and one much further an alarm (seconds).
_SLOW_S: Final = 10.0
_STUCK_S: Final = 300.0
# The sequencer looks every 10 ms; so much later (seconds) there is none.
_UNPLACED_S: Final = 5.0
_SHOWN: Final = 5


def journal_probes(clock: Callable[[], datetime]) -> tuple[Probe, ...]:
    """List the looks at the journal itself and its statistics."""
    return (
        Probe("journal backlog", partial(_backlog, clock)),
        Probe("journal quarantine", _quarantine),
        Probe("journal order", _order),
        Probe("journal schema", _schema),
        Probe("statistics dropped", _dropped),
    )


def followers_of(alias: str, clock: Callable[[], datetime]) -> tuple[Probe, ...]:
    """List the looks at everybody whose checkpoint lies in one of the monolith's databases."""
    return (
        Probe(f"followers in {alias}: lag", partial(_lags, alias, clock)),
        Probe(f"followers in {alias}: dead letters", partial(_letters, alias)),
        Probe(f"followers in {alias}: passed over", partial(_skips, alias)),
    )


def _order() -> Iterator[Finding]:
    end = journal.head()
    before = max(0, end.position - _RECENT)
    for record in records(Span(after=before, through=end.position)):
        if record.position != before + 1:
            todo = "stop writing and run `manage.py journal verify`"
            yield Finding(
                Severity.ACT, f"positions {before + 1} to {record.position - 1} are not there", todo
            )
        before = record.position
    yield Finding(Severity.FINE, f"{end.position} events, epoch {end.epoch or 'none yet'}")


def _quarantine() -> Iterator[Finding]:
    waiting = journal.quarantined()
    for one in waiting[:_SHOWN]:
        said = f"{one.events} events of {one.key} are set aside: {one.reason}"
        yield Finding(Severity.ACT, said, "docs/runbooks/quarantine.md")
    if not waiting:
        yield Finding(Severity.FINE, "no event is set aside")


def _backlog(clock: Callable[[], datetime]) -> Iterator[Finding]:
    """On SQLite the writer gives its event the position, and nothing ever waits."""
    waiting = journal.backlog()
    age_s = max(0, to_us(clock()) - waiting.oldest_us) / 1_000_000 if waiting.records else 0.0
    said = f"{waiting.records} events wait for their position, the oldest for {age_s:.1f} s"
    if age_s > _UNPLACED_S:
        yield Finding(Severity.ACT, said, "see whether `manage.py sequencer` runs, and its log")
    else:
        yield Finding(Severity.FINE, said)


def _schema() -> Iterator[Finding]:
    with connections[DATABASE].cursor() as cursor:
        cursor.execute("SELECT type, count(*) FROM journal GROUP BY type ORDER BY type")
        found = cursor.fetchall()
    for type_, count in found:
        if not knows(str(type_)):
            yield Finding(
                Severity.ACT,
                f"{count} events of {type_}, which this build does not know",
                "run the build that wrote them, or a later one: every follower of this one passes them over",
            )
    yield Finding(Severity.FINE, f"{len(found)} types of events")


def _dropped() -> Iterator[Finding]:
    rows = Statistic.objects.filter(type=DROPPED).values_list("payload", flat=True)
    lost = sum(int.from_bytes(bytes(row), "big") for row in rows)
    if lost:
        yield Finding(Severity.WATCH, f"{lost} statistics were dropped since the file was begun")
    else:
        yield Finding(Severity.FINE, "none")


def _names(store: Store, alias: str) -> list[str]:
    if "subscriber_checkpoint" not in connections[alias].introspection.table_names():
        return []
    with store.transaction():
        make_tables(store)
    return [
        str(name)
        for (name,) in store.execute("SELECT subscriber FROM subscriber_checkpoint ORDER BY subscriber")
    ]


def _lags(alias: str, clock: Callable[[], datetime]) -> Iterator[Finding]:
    store, source = DjangoStore(alias), SqlJournalSource(None)
    for name in _names(store, alias):
        ahead = _ahead(store, name, source)
        if ahead is not None:
            yield ahead
            continue
        far = lag(store, name, source, now=clock())
        said = f"{name}: {far.records} records, {far.seconds:.1f} s behind"
        if far.records and far.seconds > _STUCK_S:
            yield Finding(Severity.ACT, said, f"see whether the process that runs {name} runs, and its log")
        else:
            slow = far.records and far.seconds > _SLOW_S
            yield Finding(Severity.WATCH if slow else Severity.FINE, said)


def _ahead(store: Store, name: str, source: SqlJournalSource) -> Finding | None:
    """Tell whether a follower has seen events that this journal does not have."""
    end = journal.head()
    at = reached(store, name)
    if at.epoch in {"", end.epoch}:
        if at.furthest <= end.position and _recognises(store, name, source):
            return None
        todo = "run `manage.py journal restored`, then see docs/runbooks/restore.md"
        return Finding(
            Severity.ACT, f"{name} saw events up to {at.furthest} that the journal does not have", todo
        )
    common = epochs.lineage().common(at.epoch, at.furthest)
    if common >= at.furthest and _recognises(store, name, source):
        return None
    return Finding(
        Severity.ACT,
        f"{name} is ahead of the restore: at {at.epoch}-{at.furthest}, common is what lies up to {common}",
        "rebuild it: docs/runbooks/restore.md",
    )


def _recognises(store: Store, name: str, source: SqlJournalSource) -> bool:
    return is_there(Witness(store, name).last(), source)


def _letters(alias: str) -> Iterator[Finding]:
    store = DjangoStore(alias)
    for name in _names(store, alias):
        letters = Letters.open(store, name).of()
        keys = sorted({letter.key for letter in letters})
        if letters:
            yield Finding(
                Severity.ACT,
                f"{name}: {len(letters)} dead letters, {len(keys)} keys parked: {', '.join(keys[:_SHOWN])}",
                f"mend the reason ({letters[0].reason}), then `manage.py dead_letters {name} redrive --all`",
            )
        else:
            yield Finding(Severity.FINE, f"{name}: none")


def _skips(alias: str) -> Iterator[Finding]:
    store = DjangoStore(alias)
    for name in _names(store, alias):
        for one in skipped(store, name):
            yield Finding(
                Severity.WATCH,
                f"{name} passed over {one.records} of {one.type}, {one.why}, "
                f"positions {one.first_position} to {one.last_position}",
            )
