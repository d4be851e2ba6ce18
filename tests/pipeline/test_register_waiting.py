"""The register step where the client's dial is on: it says that it waits, asks on, and ends by its clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from events import journal
from events.keys import destroy_key
from protocol.catalogue import PersonalClass
from protocol.ids import from_us, to_us
from protocol.schemas import client_v1_pb2 as c
from protocol.schemas import dependency_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from tests.examples.register.running import register as serve_register
from tests.examples.register.running import write_register
from tests.pipeline.building import LICENCE, NOW, fields
from tests.pipeline.running import CLIENT, Turns
from tests.pipeline.test_register_step import AWAY, KNOWN, MATCHED, Scripted, codes
from verification.dependencies.breaker import Breaker
from verification.dependencies.register import Answer, LicenceRegister
from verification.pipeline import register

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NOT_KNOWN = Answer(known=False, matches=False, status=None, took_ms=1)


def set_dial(*, on: bool = True, wait_s: int = 0) -> None:
    limits = [c.TrustLimit(currency="GBP", cap="500.00")] if on else []
    said = c.RegisterDialSet(on=on, limits=limits, wait_s=wait_s)
    journal.record([journal.Draft(message=said, subject=CLIENT, client=CLIENT, source="access")], now=NOW)


def turns(scripted: Scripted) -> Turns:
    return Turns(register.subscriber(scripted.check))


def away(*answers: Answer, wait_s: int = 0) -> tuple[Turns, Scripted]:
    """Give a case whose step waits; `answers` come after that."""
    set_dial(wait_s=wait_s)
    scripted = Scripted(AWAY)
    case = turns(scripted)
    case.say(fields(LICENCE))
    while not case.told(v.WaitingBegan):
        case.turn(after=SECOND)
        assert case.now < NOW + 10 * SECOND
    if answers:
        scripted.answers = list(answers)
    return case, scripted


def last(case: Turns) -> v.WaitingBegan:
    return case.told(v.WaitingBegan)[-1]


def test_with_the_dial_off_nothing_is_waited_for() -> None:
    set_dial()
    set_dial(on=False)
    case = turns(Scripted(AWAY))

    case.say(fields(LICENCE))
    for _ in range(20):
        case.turn(after=SECOND)

    assert case.told(v.WaitingBegan) == []
    assert codes(case.check()) == ["register_unavailable"]


def test_a_register_that_is_away_is_waited_for_and_the_end_is_said() -> None:
    case, _ = away()

    said = last(case)

    assert (said.check, said.dependency, said.fallback) == ("register", "licence_register", "unavailable")
    assert from_us(said.until_us) - from_us(said.began_at_us) == 15 * MINUTE
    assert said.evidence_keyseq == 7
    assert case.told(v.CheckCompleted) == []


@pytest.mark.parametrize("minutes", [2, 15])
def test_a_waiting_of_the_client_s_own_time_outlives_restarts_and_clocks_that_jump(minutes: int) -> None:
    case, scripted = away(wait_s=minutes * 60)
    until = from_us(last(case).until_us)
    assert until - from_us(last(case).began_at_us) == minutes * MINUTE

    case.turn(after=-3 * MINUTE)
    case = Turns(register.subscriber(scripted.check), now=case.now)
    case.turn(after=3 * MINUTE)
    case.now = until - SECOND
    case.turn()
    assert case.told(v.CheckCompleted) == []
    case = Turns(register.subscriber(scripted.check), now=until)
    case.turn()
    case.turn(after=-10 * MINUTE)

    assert [codes(check) for check in case.told(v.CheckCompleted)] == [["register_unavailable"]]


def test_a_hiccup_is_bridged_and_nobody_is_kept_waiting() -> None:
    set_dial()
    case = turns(Scripted(AWAY, AWAY, MATCHED))

    case.say(fields(LICENCE))
    for _ in range(5):
        case.turn(after=SECOND)

    assert case.told(v.WaitingBegan) == []
    assert case.check().status == "clear"


def test_it_is_asked_on_about_every_thirty_seconds() -> None:
    case, scripted = away()
    before = len(scripted.asked)

    for _ in range(10 * 60):
        case.turn(after=SECOND)

    assert 600 // 34 <= len(scripted.asked) - before <= 600 // 27


def test_an_answer_within_the_time_ends_the_check_as_usual() -> None:
    case, scripted = away(MATCHED)

    case.turn(after=34 * SECOND)
    asked = len(scripted.asked)
    case.turn(after=20 * MINUTE)

    assert [check.status for check in case.told(v.CheckCompleted)] == ["clear"]
    assert case.check().final
    assert len(scripted.asked) == asked


def test_a_no_within_the_time_ends_the_check_as_usual() -> None:
    case, _ = away(NOT_KNOWN)

    case.turn(after=34 * SECOND)

    assert (case.check().status, codes(case.check())) == ("rejected", ["register_unknown"])


def test_at_the_end_without_an_answer_the_check_ends_once_at_its_moment() -> None:
    case, scripted = away()

    while case.now < from_us(last(case).until_us) + 2 * MINUTE:
        case.turn(after=SECOND)

    assert [codes(check) for check in case.told(v.CheckCompleted)] == [["register_unavailable"]]
    assert case.check().finished_at_us - last(case).until_us in range(1_000_000)
    assert not case.check().final
    assert scripted.answers == [AWAY]


def test_a_restart_neither_loses_the_end_nor_makes_it_later() -> None:
    case, scripted = away()
    until = from_us(last(case).until_us)

    case.now = until - MINUTE
    again = Turns(register.subscriber(scripted.check), now=case.now)
    again.turn()
    assert again.told(v.CheckCompleted) == []
    again.turn(after=MINUTE)

    assert codes(again.check()) == ["register_unavailable"]
    assert [from_us(said.until_us) for said in again.told(v.WaitingBegan)] == [until]


def test_a_step_that_was_away_longer_than_the_dial_ends_the_check_and_asks_no_more() -> None:
    case, scripted = away()
    asked = len(scripted.asked)

    again = Turns(register.subscriber(scripted.check), now=case.now + timedelta(days=1))
    again.turn()

    assert codes(again.check()) == ["register_unavailable"]
    assert len(scripted.asked) == asked


def test_a_clock_that_jumps_back_leaves_the_end_where_it_is() -> None:
    case, _ = away()
    until = from_us(last(case).until_us)

    case.turn(after=-5 * MINUTE)
    case.turn(after=5 * MINUTE)
    case.now = until
    case.turn()

    assert codes(case.check()) == ["register_unavailable"]


def test_a_new_front_is_waited_for_no_longer_than_the_first() -> None:
    case, scripted = away()
    until_us = last(case).until_us
    newer = fields(LICENCE | {"driver_number": "SMITH603141TM9KD"})
    newer.evidence_keyseq = 99

    case.turn(after=5 * MINUTE)
    case.say(newer)

    assert (last(case).evidence_keyseq, last(case).until_us) == (99, until_us)
    assert scripted.asked[-1].driver_number == "SMITH603141TM9KD"


def test_submitting_changes_nothing_while_it_waits() -> None:
    case, scripted = away()
    asked = len(scripted.asked)

    case.say(v.CaseSubmitted(by="client"))

    assert len(scripted.asked) == asked
    assert len(case.told(v.WaitingBegan)) == 1


def test_after_the_time_submitting_asks_once_more_and_waits_no_more() -> None:
    case, scripted = away()
    case.turn(after=16 * MINUTE)
    asked = len(scripted.asked)

    case.say(v.CaseSubmitted(by="client"))
    case.turn(after=16 * MINUTE)

    assert len(scripted.asked) == asked + 1
    assert len(case.told(v.WaitingBegan)) == 1
    assert codes(case.check()) == ["register_unavailable"]


def test_nobody_is_asked_about_who_has_withdrawn() -> None:
    case, scripted = away()
    asked = len(scripted.asked)

    case.say(v.CaseWithdrawn(by="client"))
    case.turn(after=20 * MINUTE)

    assert len(scripted.asked) == asked
    assert case.told(v.CheckCompleted) == []


def test_who_was_erased_is_not_asked_about_and_the_check_ends_by_its_clock() -> None:
    case, scripted = away()
    asked = len(scripted.asked)

    destroy_key("applicant-1", PersonalClass.IDENTITY, now=case.now)
    case.turn(after=MINUTE)
    case.turn(after=15 * MINUTE)

    assert len(scripted.asked) == asked
    assert codes(case.check()) == ["register_unavailable"]


def test_turned_off_it_keeps_the_promise_that_it_made() -> None:
    case, _ = away(MATCHED)

    set_dial(on=False)
    case.turn(after=34 * SECOND)

    assert case.check().status == "clear"


def test_each_answer_to_the_failure_is_an_event() -> None:
    case, _ = away()

    case.turn(after=34 * SECOND)
    case.turn(after=16 * MINUTE)

    taken = [f.fallback for f in case.told(d.FallbackTaken)]
    assert set(taken[:-3]) <= {"ask_again"}
    assert taken[-3:] == ["wait", "ask_again", "unavailable"]


def test_an_example_register_that_says_503_is_waited_for_until_it_is_back(tmp_path: Path) -> None:
    set_dial()
    file = tmp_path / "register.json"
    write_register(file, KNOWN, fault={"kind": "not_there"})
    with serve_register(file) as url:
        moment = [0.0]
        licences = LicenceRegister(url, Breaker(draw=lambda: 0.5), clock=lambda: moment[0])
        case = Turns(register.subscriber(licences.check))
        case.say(fields(LICENCE))
        for _ in range(10):
            moment[0] += 1
            case.turn(after=SECOND)
        waits = len(case.told(v.WaitingBegan))

        write_register(file, KNOWN)
        moment[0] += 34
        case.turn(after=34 * SECOND)

    assert waits == 1
    assert case.check().status == "clear"
    assert to_us(case.now) < last(case).until_us
