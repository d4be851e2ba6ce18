"""`manage.py rescore`: the real steps over specimens, in processes of their own, beside everything."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from config import rescoring
from config.pipeline import STEPS
from protocol.otherwise import Answer, case_of
from protocol.schemas import verification_v1_pb2 as v
from tests.config.otherwise import read_nothing
from tests.journeys.pictures import front
from tests.pipeline.building import opened
from tests.specimens.clips import Action, render
from tests.specimens.holders import HOLDER_A
from tests.specimens.portraits import portrait
from tests.verification.rescoring.past import Past, everything

pytestmark = pytest.mark.django_db(databases="__all__")
BY_NAME = {step.name: step for step in STEPS}


@pytest.fixture(autouse=True)
def evidence(settings: Settings, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def past() -> None:
    """A licence with a clip, and a passport, as the pipeline really answered them."""
    past = Past(STEPS)
    for case, picture in (("licence", "genuine"), ("passport", "passport")):
        past.say(case, opened(minimum_age=18, family_name=HOLDER_A.family_name))
        past.say(case, v.BiometricBasisRecorded(basis="consent"))
        past.receive(case, front(picture))
    clip = render(portrait(HOLDER_A.clip_portrait), actions=(Action("turn_left", 900),), seed=7)
    past.receive("licence", clip, "face_video")


def check_of(answer: Answer) -> str | None:
    return answer.would_be.check if isinstance(answer.would_be, v.CheckCompleted) else None


def rescored(*words: str) -> list[str]:
    out = StringIO()
    call_command("rescore", *words, stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("past")
def test_steps_that_have_not_changed_differ_nowhere_and_nothing_is_written(tmp_path: Path) -> None:
    kept, before = str(tmp_path / "answers.jsonl"), everything()

    first = rescored("--out", kept, "--limit", "1")
    whole = rescored("--out", kept, "--resume")

    assert first[0] == "1 cases; 0 would be answered otherwise"
    assert whole[0] == "2 cases; 0 would be answered otherwise"
    assert "  1 from clear to clear" in whole[whole.index(_line(whole, "face_match")) :]
    assert not _line(whole, "could not be done again")
    assert everything() == before
    said = [answer for case in map(case_of, Path(kept).read_text().splitlines()) for answer in case.answers]
    assert {answer.step for answer in said} == {step.name for step in STEPS if step.name[-4:] != "back"}
    assert all(type(answer.would_be) in BY_NAME[answer.step].says for answer in said)
    assert all(check_of(answer) in {None, BY_NAME[answer.step].answers} for answer in said)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("past")
def test_a_changed_step_differs_as_it_was_changed_and_so_does_what_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed = [replace(step, work=read_nothing) if step.name == "read" else step for step in STEPS]
    monkeypatch.setattr(rescoring, "STEPS", changed)

    alone, followed = rescored("--step", "read", "--json"), rescored("--check", "consistency")

    differs = {said["case"]: said["answers"][0]["differs"] for said in map(json.loads, alone)}
    assert "unavailable" in differs["licence"]
    assert not differs["passport"]
    assert followed[0] == "2 cases; 1 would be answered otherwise"
    told = followed[followed.index(_line(followed, "consistency")) :]
    assert "  1 from clear to unavailable" in told
    assert "  came: unreadable 1" in told
    assert told[-1] == "licence"


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").touch()

    with pytest.raises(CommandError, match="--resume"):
        rescored("--out", str(tmp_path / "answers.jsonl"))


def test_without_a_case_there_is_nothing_to_do() -> None:
    assert rescored("--since", "2026-01-01") == ["0 cases; 0 would be answered otherwise"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--step", "tampr"), "no step is named tampr"),
        (("--check", "register"), "no check that a step answers is named register"),
        (("--since", "last month"), "neither a position nor a time"),
        (("--processes", "0"), "at least 1"),
        (("--nice", "-1"), "invalid choice"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        rescored(*words)


def _line(lines: list[str], begins: str) -> str:
    return next((line for line in lines if line.startswith(begins)), "")
