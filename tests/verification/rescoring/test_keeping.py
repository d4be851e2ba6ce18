"""Answers kept as they come: a run that is broken off goes on where it was."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from protocol.otherwise import Answer, CaseAnswers, line_of
from protocol.schemas import verification_v1_pb2 as v
from verification.rescoring.keeping import Kept

ANSWER = Answer(
    step="tamper",
    event_id=UUID(int=1),
    was=v.CheckCompleted(check="tamper", status="clear", evidence_keyseq=3, finished_at_us=2**40),
    would_be=v.CheckCompleted(
        check="tamper", status="caution", breakdown=[v.Breakdown(name="edges", score=0.5)]
    ),
    differs=("status",),
)


def case(name: str, *answers: Answer) -> CaseAnswers:
    return CaseAnswers(case=name, client="cl_1", answers=answers)


def test_what_was_kept_is_there_when_it_goes_on(tmp_path: Path) -> None:
    for name in ("a", "b"):
        kept = Kept(tmp_path / "answers.jsonl")
        with kept.going_on():
            kept.keep(case(name, ANSWER))

    assert list(Kept(tmp_path / "answers.jsonl").before()) == [case("a", ANSWER), case("b", ANSWER)]


def test_a_line_that_was_broken_off_is_written_anew(tmp_path: Path) -> None:
    file, lines = tmp_path / "answers.jsonl", [line_of(case(name, ANSWER)) + "\n" for name in ("a", "b")]
    file.write_text(lines[0] + lines[1][:30])
    kept = Kept(file)

    before = list(kept.before())
    with kept.going_on():
        kept.keep(case("b", ANSWER))

    assert before == [case("a", ANSWER)]
    assert file.read_text() == "".join(lines)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text('{"id": "something else"}\n')

    with pytest.raises(ValueError, match="no line"):
        list(Kept(tmp_path / "answers.jsonl").before())


def test_without_a_file_nothing_is_kept() -> None:
    kept = Kept(None)

    with kept.going_on():
        kept.keep(case("a", ANSWER))

    assert list(kept.before()) == []
