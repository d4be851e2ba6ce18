"""The history run again, with a draft of a policy or as it was: which decisions would differ, and why."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from google.protobuf.message import Message

from consumers.decisions import service
from consumers.decisions.backtest import Compared, compare
from consumers.decisions.drafts import Draft
from consumers.decisions.service import SPEC
from consumers.decisions.supposing import Supposed
from protocol.envelope import Event, from_record, to_record
from protocol.ids import to_us
from protocol.otherwise import Answer, CaseAnswers, line_of
from protocol.policies import PolicyRef, read
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import FileVersions
from subscriber import Service as Described
from tests.changing import changed
from tests.consumers.decisions.histories import CLIENT, START, checks, evidence, number, opening
from tests.consumers.door import door, write_run_file
from tests.consumers.journal import MemoryJournal, Service

LICENCE = verification.DocumentClassified(
    evidence_kind="document_front", evidence_keyseq=3, document_type="uk_driving_licence"
)
STRICT = {
    "rules": [
        {"outcome": "decline", "when": {"checks": "all", "any": ["suspected", "rejected"]}},
        {"outcome": "approve", "when": {"checks": "all", "every": ["clear"]}},
    ]
}


def case(name: str, first: int, *messages: Message, policy: str = "full") -> list[Event]:
    said = (*opening(policy), evidence("front"), *messages)
    events = (number(message, n, case=name) for n, message in enumerate(said, 1))
    return [Event(changed(e, id=UUID(int=first + n).bytes), e.message) for n, e in enumerate(events)]


@pytest.fixture
def journal(tmp_path: Path) -> MemoryJournal:
    """Four cases as the service has decided them."""
    made = MemoryJournal(
        [
            *case("clear", 100, *checks(on=3)),
            *case("doubted", 200, *checks(on=3, tamper="suspected")),
            *case("cautious", 300, *checks(on=3, quality="caution")),
            *case("low", 400, LICENCE, *checks(on=3), policy="low_stake"),
        ]
    )
    running = Service(SPEC, tmp_path, made, clock_us=to_us(START))
    running.settle()
    running.store.close()
    return made


def described(journal: MemoryJournal, folder: Path) -> Described:
    return Described(
        subscriber=service.subscriber(),
        versions=FileVersions(folder / "unused.sqlite3"),
        prepare=service.prepare,
        source=lambda: journal,
    )


def strict(name: str = "full", client: str = CLIENT) -> Draft:
    return Draft(client, read(json.dumps(STRICT), PolicyRef("full", 2)), name)


def said(compared: Compared) -> dict[str, tuple[str, str]]:
    sides = {name: compared.cases[name] for name in compared.different()}
    return {name: (was.said, would.said) for name, (was, would) in sides.items() if was and would}


def test_the_history_as_it_was_gives_the_decisions_that_were(journal: MemoryJournal, tmp_path: Path) -> None:
    compared = compare(described(journal, tmp_path), None)

    assert list(compared.cases) == ["clear", "doubted", "cautious", "low"]
    assert compared.different() == []


def test_a_draft_is_tried_on_the_cases_under_its_name(journal: MemoryJournal, tmp_path: Path) -> None:
    compared = compare(described(journal, tmp_path), strict())

    assert list(compared.cases) == ["clear", "doubted", "cautious"]
    assert said(compared) == {"doubted": ("refer provisional", "decline final")}


def test_what_would_differ_is_told_with_the_facts_it_rests_on(journal: MemoryJournal, tmp_path: Path) -> None:
    compared = compare(described(journal, tmp_path), strict())

    _, would_be = compared.cases["doubted"]
    assert would_be is not None
    assert [compared.facts[event_id] for event_id in would_be.because] == ["tamper suspected"]


def test_a_draft_with_a_deadline_of_its_own_is_run_with_its_clock(tmp_path: Path) -> None:
    answers = [one for one in checks(on=3) if one.check != "liveness"]
    submitted = verification.CaseSubmitted(by="client")
    journal = MemoryJournal([*case("slow", 100, *answers, submitted), *case("quick", 200, *checks(on=3))])
    running = Service(SPEC, tmp_path, journal, clock_us=to_us(START))
    running.settle()
    running.store.close()
    approve = {"outcome": "approve", "when": {"unless": {"check": "liveness", "is": ["rejected"]}}}
    text = json.dumps({"rules": [approve], "away": {}, "deadline_s": 5})

    compared = compare(described(journal, tmp_path), Draft(CLIENT, read(text, PolicyRef("full", 2))))

    assert compared.different() == ["slow"]
    was, would_be = compared.cases["slow"]
    assert was is None
    assert would_be is not None
    # What was approved at its deadline has ended with the token since.
    assert (would_be.said, would_be.missing) == ("refer provisional", ("liveness",))


def test_another_clients_cases_are_left_alone(journal: MemoryJournal, tmp_path: Path) -> None:
    compared = compare(described(journal, tmp_path), strict(client="cl_other"))

    assert (compared.cases, compared.passed) == ({}, 4)


def test_a_draft_for_no_stake_is_tried_on_every_case_of_every_client(
    journal: MemoryJournal, tmp_path: Path
) -> None:
    theirs = case("theirs", 500, *checks(on=3, tamper="suspected"))
    journal.append([to_record(Event(changed(e, client="cl_other"), e.message)) for e in theirs])

    compared = compare(described(journal, tmp_path), strict(name="", client=""))

    assert list(compared.cases) == ["clear", "doubted", "cautious", "low", "theirs"]
    would_be = {name: told.said for name, (_, told) in compared.cases.items() if told}
    assert would_be["theirs"] == would_be["doubted"] == "decline final"


def test_nothing_is_said_and_no_row_of_the_service_is_touched(journal: MemoryJournal, tmp_path: Path) -> None:
    before = (tmp_path / "decisions.sqlite3").read_bytes(), len(journal.records)

    compare(described(journal, tmp_path), strict())

    assert ((tmp_path / "decisions.sqlite3").read_bytes(), len(journal.records)) == before
    assert not (tmp_path / "unused.sqlite3").exists()


def supposed(journal: MemoryJournal, file: Path, name: str, check: str, status: str) -> Path:
    """Write, as a re-scoring does, that a check of a case would end otherwise; one case is left out."""
    said = next(
        event
        for event in map(from_record, journal.records)
        if event.envelope.subject == name and getattr(event.message, "check", "") == check
    )
    would_be = verification.CheckCompleted()
    would_be.CopyFrom(said.message)  # type: ignore[arg-type]  # it is one: it has a check
    would_be.status = status
    answer = Answer(
        step=check, event_id=said.envelope.id, was=said.message, would_be=would_be, differs=("status",)
    )
    cases = (
        CaseAnswers(case=case, client=CLIENT, answers=(answer,) if case == name else ())
        for case in ("clear", "doubted", "low")
    )
    file.write_text("".join(line_of(case) + "\n" for case in cases))
    return file


def test_facts_as_other_code_would_say_them_give_other_decisions(
    journal: MemoryJournal, tmp_path: Path
) -> None:
    file = supposed(journal, tmp_path / "answers.jsonl", "clear", "tamper", "rejected")

    compared = compare(described(journal, tmp_path), None, supposed=Supposed.of(file))

    assert said(compared) == {"clear": ("approve final", "decline final")}
    was, would_be = compared.cases["clear"]
    assert was is not None
    assert would_be is not None
    assert [compared.supposed.get(event_id) for event_id in would_be.because] == ["tamper rejected"]
    assert "tamper clear" in {compared.facts[event_id] for event_id in was.because}


def test_only_the_cases_that_were_gone_through_again_are_compared(
    journal: MemoryJournal, tmp_path: Path
) -> None:
    file = supposed(journal, tmp_path / "answers.jsonl", "clear", "tamper", "rejected")

    compared = compare(described(journal, tmp_path), None, supposed=Supposed.of(file))

    assert list(compared.cases) == ["clear", "doubted", "low"]


def test_a_draft_is_tried_on_facts_as_other_code_would_say_them(
    journal: MemoryJournal, tmp_path: Path
) -> None:
    file = supposed(journal, tmp_path / "answers.jsonl", "clear", "tamper", "suspected")

    compared = compare(described(journal, tmp_path), strict(), supposed=Supposed.of(file))

    assert said(compared)["clear"] == ("approve final", "decline final")


def command(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "consumers.decisions", "backtest", *words],
        env={**os.environ, "VOUCH_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_says_how_many_would_differ_and_why(journal: MemoryJournal, tmp_path: Path) -> None:
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps(STRICT))
    words = (str(draft), "--name", "full", "--client", CLIENT)

    with door(journal) as url:
        write_run_file(tmp_path, url, "decisions")
        done, as_json = command(tmp_path, *words), command(tmp_path, *words, "--json")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        "3 cases; 1 would be decided otherwise",
        "  1 from refer provisional to decline final",
    ]
    assert "decline final (tamper suspected)" in done.stdout
    assert json.loads(as_json.stdout)["would_be"]["because"] == ["tamper suspected"]


def test_the_command_takes_what_a_rescoring_has_kept(journal: MemoryJournal, tmp_path: Path) -> None:
    file = supposed(journal, tmp_path / "answers.jsonl", "clear", "tamper", "rejected")

    with door(journal) as url:
        write_run_file(tmp_path, url, "decisions")
        done = command(tmp_path, "--with", str(file))

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "3 cases; 1 would be decided otherwise"
    assert "-> decline final (tamper rejected)" in done.stdout


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text("{}\n")

    done = command(tmp_path, "--with", str(tmp_path / "answers.jsonl"))

    assert done.returncode == 2
    assert "answers.jsonl: no line of what would be said otherwise" in done.stderr


def test_a_command_that_finds_no_case_says_what_it_looked_for(journal: MemoryJournal, tmp_path: Path) -> None:
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps(STRICT))

    with door(journal) as url:
        write_run_file(tmp_path, url, "decisions")
        done = command(tmp_path, str(draft), "--name", "fulll")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["0 cases; 0 would be decided otherwise"]
    assert "cases of every client opened under the policy 'fulll': none of 4 is one" in done.stderr


def test_a_draft_with_an_error_is_refused_with_its_file_and_line(tmp_path: Path) -> None:
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps(STRICT, indent=1).replace("decline", "deny"))

    done = command(tmp_path, str(draft), "--name", "full", "--client", CLIENT)

    assert done.returncode == 2
    assert "draft.json: line 4: 'deny' is none of" in done.stderr
    assert "correct it" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{}/no.json"], "no.json cannot be read: No such file or directory; name a file that is there"),
        (["{}/latin.json"], "latin.json: this is no text in UTF-8"),
        (["--name", "full"], "say which cases a draft is tried on: name its file before them"),
    ],
)
def test_what_cannot_be_tried_is_refused_and_says_what_to_do(
    words: list[str], said: str, tmp_path: Path
) -> None:
    (tmp_path / "latin.json").write_bytes(b"\xff")

    done = command(tmp_path, *(word.format(tmp_path) for word in words))

    assert done.returncode == 2
    assert said in done.stderr
