"""The register step: asked before, answered after, asked again while there is time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from protocol.schemas import dependency_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from tests.examples.register.running import register as serve_register
from tests.examples.register.running import write_register
from tests.pipeline.building import LICENCE, fields
from tests.pipeline.running import Turns
from verification.dependencies.breaker import Breaker
from verification.dependencies.register import Answer, Failure, LicenceRegister, Question
from verification.pipeline import register

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

KNOWN = {
    "driver_number": LICENCE["driver_number"],
    "family_name": LICENCE["family_name"],
    "given_names": LICENCE["given_names"],
    "date_of_birth": LICENCE["date_of_birth"],
    "status": "valid",
}
AWAY = Failure(kind="not_there", took_ms=1)
MATCHED = Answer(known=True, matches=True, status="valid", took_ms=1)


class Scripted:
    """A register that answers from a list; it keeps what it was asked."""

    def __init__(self, *answers: Answer | Failure) -> None:
        self.answers = list(answers)
        self.asked: list[Question] = []

    def check(self, question: Question) -> Answer | Failure:
        """Answer with the next, and at the end always with the last."""
        self.asked.append(question)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[tuple[Path, LicenceRegister]]:
    file = tmp_path / "register.json"
    write_register(file, KNOWN)
    with serve_register(file) as url:
        yield file, LicenceRegister(url, Breaker(draw=lambda: 0.5), clock=lambda: 0.0)


def turns(scripted: Scripted) -> Turns:
    return Turns(register.subscriber(scripted.check))


def codes(check: v.CheckCompleted) -> list[str]:
    return [reason.code for reason in check.reasons]


def test_a_licence_the_register_knows_is_clear(book: tuple[Path, LicenceRegister]) -> None:
    case = Turns(register.subscriber(book[1].check))

    case.say(fields(LICENCE))

    assert case.check().status == "clear"


def test_a_licence_the_register_does_not_know_is_rejected(book: tuple[Path, LicenceRegister]) -> None:
    write_register(book[0])
    case = Turns(register.subscriber(book[1].check))

    case.say(fields(LICENCE))

    assert (case.check().status, codes(case.check())) == ("rejected", ["register_unknown"])


def test_every_question_is_journalled_before_and_after(book: tuple[Path, LicenceRegister]) -> None:
    case = Turns(register.subscriber(book[1].check))

    case.say(fields(LICENCE))

    (asked,), (answered,) = case.told(d.CallAsked), case.told(d.CallAnswered)
    assert asked.call_id == answered.call_id
    assert answered.answer == "matched"


def test_a_document_that_is_no_uk_licence_is_not_asked_about() -> None:
    scripted = Scripted(MATCHED)
    case = turns(scripted)

    case.say(fields({}, document_type="passport"))

    assert case.check().status == "not_applicable"
    assert scripted.asked == []


def test_a_number_that_was_not_read_is_unreadable_and_not_asked_about() -> None:
    scripted = Scripted(MATCHED)
    case = turns(scripted)

    case.say(fields({"family_name": "HOLLOWAY"}))

    assert codes(case.check()) == ["unreadable"]
    assert scripted.asked == []


def test_a_number_that_breaks_its_own_rule_was_misread_and_is_not_asked_about() -> None:
    scripted = Scripted(MATCHED)
    case = turns(scripted)

    case.say(fields(LICENCE | {"driver_number": "HOLLO6O3141TM9KD"}))

    assert codes(case.check()) == ["unreadable"]
    assert scripted.asked == []


def test_a_register_that_is_away_is_asked_again_and_its_answer_counts() -> None:
    case = turns(Scripted(AWAY, AWAY, MATCHED))

    case.say(fields(LICENCE))
    for _ in range(10):
        case.turn(after=timedelta(seconds=1))

    assert case.check().status == "clear"
    assert len(case.told(d.CallFailed)) == 2


def test_a_register_that_stays_away_ends_the_check_but_not_for_good() -> None:
    case = turns(Scripted(AWAY))

    case.say(fields(LICENCE))
    for _ in range(20):
        case.turn(after=timedelta(seconds=1))

    assert codes(case.check()) == ["register_unavailable"]
    assert not case.check().final


def test_each_fall_back_that_is_taken_is_an_event() -> None:
    case = turns(Scripted(AWAY))

    case.say(fields(LICENCE))
    for _ in range(20):
        case.turn(after=timedelta(seconds=1))

    taken = [f.fallback for f in case.told(d.FallbackTaken)]
    assert taken[-1] == "unavailable"
    assert set(taken[:-1]) == {"ask_again"}


def test_submitting_asks_once_more_when_the_register_was_given_up() -> None:
    scripted = Scripted(AWAY)
    case = turns(scripted)
    case.say(fields(LICENCE))
    for _ in range(20):
        case.turn(after=timedelta(seconds=1))

    scripted.answers = [MATCHED]
    case.say(v.CaseSubmitted(by="client"))

    assert case.check().status == "clear"


def test_after_an_answer_submitting_asks_no_more() -> None:
    scripted = Scripted(MATCHED)
    case = turns(scripted)
    case.say(fields(LICENCE))

    case.say(v.CaseSubmitted(by="client"))

    assert len(scripted.asked) == 1


def test_a_new_front_is_asked_about_anew() -> None:
    scripted = Scripted(MATCHED)
    case = turns(scripted)
    case.say(fields(LICENCE))
    newer = fields(LICENCE | {"driver_number": "SMITH603141TM9KD"})
    newer.evidence_keyseq = 99

    case.say(newer)

    assert [q.driver_number for q in scripted.asked] == [LICENCE["driver_number"], "SMITH603141TM9KD"]
    assert case.check().evidence_keyseq == 99
