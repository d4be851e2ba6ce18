"""What would be said otherwise, as lines of a file."""

from __future__ import annotations

from uuid import UUID

import pytest

from protocol.otherwise import Answer, CaseAnswers, case_of, line_of
from protocol.schemas import verification_v1_pb2 as v

ANSWER = Answer(
    step="tamper",
    event_id=UUID(int=1),
    was=v.CheckCompleted(check="tamper", status="clear", evidence_keyseq=3, finished_at_us=2**60),
    would_be=v.CheckCompleted(check="tamper", breakdown=[v.Breakdown(name="edges", score=0.1 + 0.2)]),
    differs=("status",),
)
UNSAID = Answer(step="read", would_be=v.FieldsRead(evidence_id="e", fixed_texts=["DRIVING LICENCE"]))
BROKEN = Answer(step="read", failed="read: failed 3 times: ValueError")


@pytest.mark.parametrize(
    "said",
    [
        CaseAnswers(case="a", client="cl_1", answers=(ANSWER, UNSAID, BROKEN)),
        CaseAnswers(case="b", client="cl_1", left_out="erased"),
    ],
)
def test_a_line_says_all_of_a_case(said: CaseAnswers) -> None:
    assert case_of(line_of(said)) == said
    assert "\n" not in line_of(said)


def test_what_another_build_adds_to_a_message_is_no_error() -> None:
    line = line_of(CaseAnswers(case="a", client="cl_1", answers=(ANSWER,)))

    newer = case_of(line.replace('"check": "tamper"', '"check": "tamper", "not_known_here": 1'))

    assert newer.answers == (ANSWER,)


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", '{"case": "a", "client": "b", "left_out": "", "answers": [1]}']
)
def test_what_is_no_such_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="no line"):
        case_of(line)
