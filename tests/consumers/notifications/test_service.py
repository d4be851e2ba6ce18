"""Whom the service tells what: only whom the operator wants told, once, and never of the past."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from protocol.ids import to_us
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from tests.consumers.notifications.histories import (
    APPROVED,
    EMAIL,
    REFERRED,
    START,
    SUBMITTED,
    event,
    opened,
)
from tests.consumers.notifications.office import TELLS, office, told

SENT = ["Asked received/email", "AttemptDue received/email", "Sent received/email file"]
BOTH = TELLS + 'channels = ["email", "sms"]\n'


def test_without_the_operators_word_no_applicant_is_told_anything(tmp_path: Path) -> None:
    with office(tmp_path, clients="") as ours:
        ours.hear(opened(), event(SUBMITTED), event(APPROVED))

    assert told(ours.journal) == []


def test_an_applicant_is_told_that_the_documents_came(tmp_path: Path) -> None:
    with office(tmp_path) as ours:
        ours.hear(opened(), event(SUBMITTED))

    assert told(ours.journal) == SENT
    (file,) = ours.outbox.iterdir()
    assert "We have received your documents" in file.read_text()


def test_what_lies_in_a_file_names_no_address(tmp_path: Path) -> None:
    with office(tmp_path, clients=BOTH) as ours:
        ours.hear(opened(), event(SUBMITTED))

    files = [*ours.outbox.iterdir(), ours.settings.folder / "sms.jsonl"]
    assert len(files) == 2
    assert not any(EMAIL in path.read_text() or "7700900123" in path.read_text() for path in files)


@pytest.mark.parametrize(
    ("message", "template"),
    [
        (verification.CaseExpired(), "expired"),
        (APPROVED, "complete"),
        (decisions.DecisionReached(outcome="decline", state="final"), "complete"),
        (decisions.DecisionCorrected(outcome="decline"), "changed"),
        (verification.ReviewConcluded(outcome="approve"), "complete"),
        (verification.ReviewConcluded(outcome="decline"), "complete"),
        (verification.ReviewConcluded(outcome="decline", corrects="an approval"), "changed"),
    ],
)
def test_each_event_of_the_table_leads_to_its_message(
    tmp_path: Path, message: verification.CaseExpired, template: str
) -> None:
    with office(tmp_path) as ours:
        ours.hear(opened(), event(message))

    assert told(ours.journal)[-1] == f"Sent {template}/email file"


def test_what_is_not_settled_is_told_to_no_applicant(tmp_path: Path) -> None:
    ahead = decisions.DecisionReached(outcome="approve", state="provisional")

    with office(tmp_path) as ours:
        ours.hear(opened(), event(ahead), event(REFERRED, at_s=1))

    assert told(ours.journal) == []


def test_that_a_person_passes_a_case_on_is_told_to_no_applicant(tmp_path: Path) -> None:
    with office(tmp_path) as ours:
        ours.hear(opened(), event(verification.ReviewConcluded(outcome="refer")))

    assert told(ours.journal) == []


def test_a_policy_that_decides_after_a_person_sends_nothing_more(tmp_path: Path) -> None:
    with office(tmp_path) as ours:
        ours.hear(opened(), event(verification.ReviewConcluded(outcome="decline")), event(APPROVED, at_s=1))

    assert [line for line in told(ours.journal) if "Sent" in line] == ["Sent complete/email file"]


def test_staff_are_told_that_a_case_waits_for_them(tmp_path: Path) -> None:
    waiting = decisions.DecisionReached(outcome="refer", state="provisional", missing=["register"])

    with office(tmp_path, clients="", staff="reviews@vouch.example", staff_url="https://x.example/") as ours:
        ours.hear(opened(), event(waiting), event(REFERRED, at_s=1))

    assert told(ours.journal)[0] == "Asked review_waiting/email"
    (file,) = ours.outbox.iterdir()
    assert "https://x.example/case-1" in file.read_text()


def test_the_same_message_is_sent_once_however_often_its_event_comes(tmp_path: Path) -> None:
    with office(tmp_path) as ours:
        ours.hear(opened(), event(APPROVED), event(APPROVED, at_s=1))
        ours.hear(event(APPROVED, at_s=2))

    assert [line for line in told(ours.journal) if "Sent" in line] == ["Sent complete/email file"]


def test_started_late_it_tells_nobody_of_the_past(tmp_path: Path) -> None:
    past = [opened(), event(SUBMITTED), event(APPROVED)]

    with office(tmp_path, past, since=START + timedelta(hours=1)) as ours:
        ours.service.clock_us = to_us(START + timedelta(days=3))
        ours.service.settle()

    assert told(ours.journal) == []


def test_after_a_day_off_it_tells_what_came_meanwhile_if_it_is_not_too_late(tmp_path: Path) -> None:
    old, new = opened(case="old"), opened(case="new", at_s=80_000)
    events = [old, event(SUBMITTED, case="old"), new, event(SUBMITTED, case="new", at_s=80_000)]

    with office(tmp_path, events) as ours:
        ours.later(timedelta(hours=25))

    assert told(ours.journal, "old")[-1] == "Dropped received/email too_late"
    assert told(ours.journal, "new")[-1] == "Sent received/email file"


def test_an_erased_applicant_is_sent_nothing_and_that_is_said(tmp_path: Path) -> None:
    with office(tmp_path, keys={"applicant-1": 410}) as ours:
        ours.hear(opened(), event(SUBMITTED))

    assert told(ours.journal)[-1] == "Dropped received/email erased"
    assert not ours.outbox.exists()


def test_while_keys_are_away_a_message_waits(tmp_path: Path) -> None:
    keys: dict[str, bytes | int] = {"applicant-1": 503}

    with office(tmp_path, keys=keys) as ours:
        ours.hear(opened(), event(SUBMITTED))
        waiting = told(ours.journal)
        keys["applicant-1"] = bytes(range(64))
        ours.later(timedelta(minutes=2))

    assert waiting[-1] == "Waits received/email keys_away"
    assert told(ours.journal)[-1] == "Sent received/email file"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [({}, "no_key"), ({"applicant-1": bytes(64)}, "does_not_open"), ({"applicant-1": 403}, "key_refused")],
)
def test_an_address_that_cannot_be_opened_is_said(
    tmp_path: Path, keys: dict[str, bytes | int], reason: str
) -> None:
    with office(tmp_path, keys=keys) as ours:
        ours.hear(opened(), event(SUBMITTED))

    assert told(ours.journal)[-1] == f"Dropped received/email {reason}"


@pytest.mark.parametrize(
    ("email", "reason"), [("", "no_address"), ("ada@nowhere\r\nBcc: x", "wrong_address")]
)
def test_without_an_address_nothing_is_sent(tmp_path: Path, email: str, reason: str) -> None:
    with office(tmp_path) as ours:
        ours.hear(opened(email=email), event(SUBMITTED))

    assert told(ours.journal)[-1] == f"Dropped received/email {reason}"


def test_of_a_withdrawn_case_nothing_more_is_told(tmp_path: Path) -> None:
    with office(tmp_path) as ours:
        ours.hear(opened(), event(verification.CaseWithdrawn(by="applicant")), event(APPROVED))

    assert told(ours.journal)[-1] == "Dropped complete/email withdrawn"


def test_a_message_waits_for_the_end_of_the_quiet_hours(tmp_path: Path) -> None:
    with office(tmp_path) as ours:
        ours.service.clock_us = to_us(START + timedelta(hours=11))
        ours.hear(opened(), event(SUBMITTED, at_s=11 * 3600))
        waiting = told(ours.journal)
        ours.later(timedelta(hours=8, minutes=59))
        still = told(ours.journal)
        ours.later(timedelta(minutes=1))

    assert waiting[-1] == "Waits received/email quiet_hours"
    assert still == waiting
    assert told(ours.journal)[-1] == "Sent received/email file"


def test_the_operators_file_counts_as_it_is_now(tmp_path: Path) -> None:
    with office(tmp_path, clients="") as ours:
        ours.hear(opened(), event(SUBMITTED))
        ours.settings.clients.write_text(TELLS)
        ours.hear(event(APPROVED))
        ours.settings.clients.write_text("[broken")
        ours.hear(event(decisions.DecisionCorrected(outcome="decline"), at_s=2))

    assert [line for line in told(ours.journal) if "Sent" in line] == [
        "Sent complete/email file",
        "Sent changed/email file",
    ]


def test_a_message_is_written_in_the_applicants_language(tmp_path: Path) -> None:
    with office(tmp_path, language="fr") as ours:
        ours.hear(opened(locale="de-AT"), event(SUBMITTED))
        ours.hear(opened(case="x", locale="tlh"), event(SUBMITTED, case="x"))

    texts = [
        file.read_text() for file in sorted(ours.outbox.iterdir(), key=lambda path: path.stat().st_mtime)
    ]
    assert [text.partition("Content-Language: ")[2][:2] for text in texts] == ["de", "fr"]
