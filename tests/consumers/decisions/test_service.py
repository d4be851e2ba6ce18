"""The service on its own file: what it says comes home once, whenever it was started."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from google.protobuf.message import Message

from consumers.decisions.service import SPEC
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from subscriber.health import lag, standing
from tests.changing import changed
from tests.consumers.decisions.histories import (
    CLIENT,
    START,
    checks,
    concluded,
    evidence,
    number,
    opening,
    short,
)
from tests.consumers.journal import MemoryJournal, Service

SOON_US = to_us(START + timedelta(seconds=30))
A_WEEK_LATER_US = to_us(START + timedelta(days=7))
LICENCES_DECLINED = (
    '[{"outcome": "decline", "when": {"document": ["uk_driving_licence"]}},'
    ' {"outcome": "approve", "when": {"check": "tamper", "is": ["clear"]}}]'
)
LICENCE = verification.DocumentClassified(
    evidence_kind="document_front", evidence_keyseq=3, document_type="uk_driving_licence"
)


@contextmanager
def running(folder: Path, journal: MemoryJournal, *, clock_us: int = SOON_US) -> Iterator[Service]:
    service = Service(SPEC, folder, journal, clock_us=clock_us)
    try:
        yield service
    finally:
        service.store.close()


def history(case: str, first: int, *messages: Message, policy: str = "full") -> list[Event]:
    """The events of a case; ids from `first` on, keyseqs from 1."""
    said = (*opening(policy), evidence("front"), *messages)
    return [renumbered(number(message, n, case=case), first + n) for n, message in enumerate(said, 1)]


def renumbered(event: Event, id_: int) -> Event:
    return Event(changed(event, id=UUID(int=id_).bytes), event.message)


def words(journal: MemoryJournal, case: str) -> list[str]:
    return [short(message) for message in journal.said(case, "decisions.decision")]


def test_a_case_s_facts_become_a_decision_in_the_journal(tmp_path: Path) -> None:
    journal = MemoryJournal(history("a", 100, *checks(on=3)))

    with running(tmp_path, journal) as service:
        service.settle()

    assert words(journal, "a") == ["approve final"]
    assert journal.records[-1].source == "decisions"


def test_started_late_it_decides_each_case_once(tmp_path: Path) -> None:
    cases = [f"case-{n}" for n in range(20)]
    events = [e for n, case in enumerate(cases) for e in history(case, 100 * (n + 1), *checks(on=3))]
    journal = MemoryJournal(events)

    with running(tmp_path, journal, clock_us=A_WEEK_LATER_US) as service:
        service.settle()

    assert {case: words(journal, case) for case in cases} == {key: ["approve final"] for key in cases}


def test_an_approval_ahead_ends_by_the_clock_alone(tmp_path: Path) -> None:
    journal = MemoryJournal(history("a", 100, LICENCE, policy="low_stake"))

    with running(tmp_path, journal) as service:
        service.settle()
        before = words(journal, "a")
        service.clock_us = to_us(START + timedelta(seconds=1800))
        service.settle()

    assert before == ["approve provisional+"]
    assert words(journal, "a") == ["approve provisional+", "expired", "refer provisional+"]


def test_an_approval_ahead_that_a_person_took_over_does_not_end_by_the_clock(tmp_path: Path) -> None:
    journal = MemoryJournal(history("a", 100, LICENCE, concluded("approve"), policy="low_stake"))

    with running(tmp_path, journal) as service:
        service.settle()
        service.clock_us = to_us(START + timedelta(seconds=1_900))
        service.settle()

    assert words(journal, "a") == ["approve provisional+"]


def test_killed_after_each_event_it_corrects_a_doubted_person_once(tmp_path: Path) -> None:
    journal = MemoryJournal()

    for event in history("a", 100, concluded("approve"), *checks(on=3, tamper="suspected")):
        journal.append(MemoryJournal([event]).records)
        with running(tmp_path, journal) as service:
            service.settle()

    assert words(journal, "a") == ["refer corrected+", "refer provisional"]


def test_an_expiry_names_the_event_that_said_the_approval(tmp_path: Path) -> None:
    journal = MemoryJournal(history("a", 100, LICENCE, policy="low_stake"))

    with running(tmp_path, journal, clock_us=A_WEEK_LATER_US) as service:
        service.settle()

    approved, expired = journal.records[4:6]
    said = decisions.DecisionExpired.FromString(expired.payload)
    assert said.decision_id == str(UUID(bytes=approved.id))


def test_a_start_a_week_late_says_what_a_timely_one_said(tmp_path: Path) -> None:
    late_fact = number(checks(on=3, tamper="clear")[5], 5, at_s=1900, case="a")
    events = [*history("a", 100, LICENCE, policy="low_stake"), renumbered(late_fact, 200)]
    journal = MemoryJournal(events)

    with running(tmp_path, journal, clock_us=A_WEEK_LATER_US) as service:
        service.settle()

    assert words(journal, "a") == ["approve provisional+", "expired", "refer provisional+"]


def test_a_service_killed_after_each_event_says_nothing_twice(tmp_path: Path) -> None:
    journal = MemoryJournal()

    for event in history("a", 100, *checks(on=3, tamper="suspected")):
        journal.append(MemoryJournal([event]).records)
        with running(tmp_path, journal) as service:
            service.settle()

    assert words(journal, "a") == ["refer provisional+", "refer provisional"]


def changed_policy(name: str, version: int, rules: str) -> Event:
    """A client's policy, said as an event of its own."""
    said = client.PolicyChanged(name=name, version=version, content=f'{{"rules": {rules}}}')
    return renumbered(number(said, 1, case=CLIENT), 1_000 + version)


def test_a_case_whose_policy_has_not_come_waits_for_it_and_holds_nobody_up(tmp_path: Path) -> None:
    opened = verification.CaseOpened(policy_name="full", policy_version=2)
    early = [number(message, n, case="early") for n, message in enumerate([opened, LICENCE], 1)]
    journal = MemoryJournal([*early, *history("a", 100, *checks(on=3))])

    with running(tmp_path, journal) as service:
        service.settle()
        before = words(journal, "early")
        journal.append(MemoryJournal([changed_policy("full", 2, LICENCES_DECLINED)]).records)
        until(service, lambda: bool(words(journal, "early")))

    assert (words(journal, "a"), before) == (["approve final"], [])
    assert words(journal, "early") == ["decline final"]


def until(service: Service, holds: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 10
    while not holds() and time.monotonic() < until_s:
        service.settle()


def test_a_policy_changed_while_the_service_runs_is_for_the_cases_that_name_it(tmp_path: Path) -> None:
    one = history("one", 100, LICENCE, policy="low_stake")
    opened = verification.CaseOpened(policy_name="low_stake", policy_version=2)
    messages = (opened, evidence("front"), LICENCE)
    other = [renumbered(number(said, n, case="other"), 200 + n) for n, said in enumerate(messages, 1)]
    journal = MemoryJournal([*one, changed_policy("low_stake", 2, LICENCES_DECLINED), *other])

    with running(tmp_path, journal) as service:
        service.settle()

    assert (words(journal, "one"), words(journal, "other")) == (["approve provisional+"], ["decline final"])


def test_the_lag_counts_what_it_has_not_passed(tmp_path: Path) -> None:
    journal = MemoryJournal(history("a", 100, *checks(on=3)))

    with running(tmp_path, journal) as service:
        before = lag(service.store, "decisions", journal, now=START).records
        service.settle()
        after = lag(service.store, "decisions", journal, now=START)

    assert (before, after.head) == (12, 13)
    assert after.records <= 1


def test_before_its_first_start_nothing_is_dead(tmp_path: Path) -> None:
    with running(tmp_path, MemoryJournal()) as service:
        assert standing(service.store, "decisions").letters == 0
