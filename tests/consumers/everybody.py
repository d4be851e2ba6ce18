"""One rich history that every service of ours has lived through: found by their folders, not by a list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

from google.protobuf.message import Message

from config.services import beside
from protocol.checks import CHECKS
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Service as Described
from subscriber import Store, open_store, versions_of
from subscriber.serving import ServiceSettings, ServiceSpec
from tests.changing import changed
from tests.consumers.early_warning import stories
from tests.consumers.journal import MemoryJournal, Service
from tests.consumers.notifications import histories

__all__ = ["ENDS", "NAMES", "described", "fingerprint", "lived_through", "running", "settle"]

NAMES = [one.name for one in beside()]
START = stories.START
_ENDS_AT = 1_965
ENDS = START + timedelta(seconds=_ENDS_AT)
_LOOK_S = 5
# Turns, places, what was passed over and the clock's moments are of each run; all else is the service's.
_OF_THE_RUN = (
    "subscriber_checkpoint",
    "subscriber_partition",
    "subscriber_skip",
    "subscriber_timer",
    "subscriber_witness",
    "sqlite_",
)


def spec_of(name: str) -> ServiceSpec:
    """Find what a service is, as its process does."""
    spec = import_module(f"consumers.{name}.service").SPEC
    assert isinstance(spec, ServiceSpec)
    return spec


def settings(name: str, folder: Path) -> ServiceSettings:
    """Give a service its place."""
    return ServiceSettings(name, folder)


def described(name: str, folder: Path, journal: MemoryJournal) -> Described:
    """Describe a service to its commands, on a journal in memory."""
    spec, own = spec_of(name), settings(name, folder)
    return Described(
        subscriber=spec.build(own),
        versions=versions_of(own.database),
        prepare=spec.prepare,
        source=lambda: journal,
    )


@contextmanager
def running(folder: Path, journal: MemoryJournal, moment: datetime) -> Iterator[list[Service]]:
    """Run every service on the version of its file that is in use, the clock at a moment."""
    with ExitStack() as stack:
        every = [Service(spec_of(name), folder, journal, clock_us=to_us(moment)) for name in NAMES]
        for one in every:
            stack.enter_context(closing(one.store))
        yield every


def settle(every: list[Service], journal: MemoryJournal) -> None:
    """Let all of them act, also on what the others say, until nobody says anything more."""
    said = -1
    while said != len(journal.records):
        said = len(journal.records)
        for one in every:
            one.settle()


def lived_through(folder: Path, journal: MemoryJournal) -> None:
    """Have the history happen, everybody told the time as it goes."""
    story = sorted(_story(), key=lambda one: one.envelope.occurred_at)
    with running(folder, journal, START) as every:
        for second in range(stories.RISES_AT - _LOOK_S, _ENDS_AT + 1, _LOOK_S):
            moment = START + timedelta(seconds=second)
            while story and story[0].envelope.occurred_at < moment:
                journal.append(MemoryJournal([story.pop(0)]).records)
            for one in every:
                one.clock_us = to_us(moment)
            settle(every, journal)


def fingerprint(place: str | Path) -> dict[str, str]:
    """Give a hash of each table of a service that has rows."""
    with closing(open_store(place)) as store:
        found = {table: _rows(store, table) for table in _tables(store)}
    return {table: hashlib.sha256(repr(kept).encode()).hexdigest() for table, kept in found.items() if kept}


def _rows(store: Store, table: str) -> list[str]:
    """List the rows of a table, in no order of its own."""
    return sorted(repr(row) for row in store.execute(f'SELECT * FROM "{table}"'))


def _tables(store: Store) -> list[str]:
    found = store.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [str(name) for (name,) in found if not str(name).startswith(_OF_THE_RUN)]


def _story() -> Iterator[Event]:
    """Tell of cases that end in every way, and of a register that grows slow."""
    yield from stories.quiet()
    yield from stories.rising(_ENDS_AT)
    yield from _case("approved", 0, *_checks())
    yield from _case("declined", 60, *_checks(register="rejected"))
    yield from _case("doubted", 120, *_checks(tamper="suspected"))
    yield from _case("corrected", 180, *_checks(), _check("tamper", "suspected", keyseq=3))
    yield from _case("gone", 240, _check("quality", "clear"), v.CaseWithdrawn(by="applicant"))
    yield from _case("ahead", 300, _licence(), policy="low_stake", token_s=600)
    yield from _case("looked at", 360, *_checks(), _viewed())


def _case(
    name: str, at_s: float, *messages: Message, policy: str = "full", token_s: float = 7_200
) -> Iterator[Event]:
    start = START + timedelta(seconds=at_s)
    opened = histories.opened(case=name, at_s=_since(start))
    assert isinstance(opened.message, v.CaseOpened)
    opened.message.policy_name, opened.message.policy_version = policy, 1
    ends_us = to_us(start + timedelta(seconds=token_s))
    rest = (
        v.CaptureTokenIssued(expires_at_us=ends_us),
        v.EvidenceReceived(evidence_id=f"{name} front", evidence_kind="document_front"),
        *messages,
        v.CaseSubmitted(by="client"),
    )
    told = [histories.event(message, case=name, at_s=_since(start) + n) for n, message in enumerate(rest, 1)]
    for keyseq, one in enumerate((opened, *told), 1):
        yield Event(changed(one, keyseq=keyseq), one.message)


def _since(moment: datetime) -> float:
    """Count seconds as the notifications' histories do."""
    return (moment - histories.START).total_seconds()


def _checks(**other: str) -> list[v.CheckCompleted]:
    return [_check(check, other.get(check, "clear")) for check in CHECKS]


def _check(name: str, status: str, keyseq: int = 3) -> v.CheckCompleted:
    part = v.Breakdown(name="similarity", status=status, score=0.5)
    return v.CheckCompleted(check=name, status=status, evidence_keyseq=keyseq, final=True, breakdown=[part])


def _licence() -> v.DocumentClassified:
    return v.DocumentClassified(
        evidence_kind="document_front", evidence_keyseq=3, document_type="uk_driving_licence"
    )


def _viewed() -> v.PersonalDataViewed:
    return v.PersonalDataViewed(staff_id="staff-1", what="fields", ground="review")
