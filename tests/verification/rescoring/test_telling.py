"""The report: what would be otherwise, check by check."""

from __future__ import annotations

from uuid import UUID

from protocol.otherwise import Answer, CaseAnswers
from protocol.schemas import verification_v1_pb2 as v
from verification.rescoring.telling import Tally


def tamper(status: str, score: float, *codes: str, model: str = "tamper-1") -> v.CheckCompleted:
    return v.CheckCompleted(
        check="tamper",
        status=status,
        model=model,
        breakdown=[v.Breakdown(name="edges", status=status, score=score)],
        reasons=[v.Reason(code=code) for code in codes],
    )


def case(name: str, was: v.CheckCompleted, would_be: v.CheckCompleted, *differs: str) -> CaseAnswers:
    answer = Answer(step="tamper", event_id=UUID(int=1), was=was, would_be=would_be, differs=differs)
    return CaseAnswers(case=name, client="cl_1", answers=(answer,))


def told(*cases: CaseAnswers, most: int = 50) -> list[str]:
    tally = Tally()
    for one in cases:
        tally.add(one)
    return list(tally.told(most=most))


def test_it_tells_the_moves_the_reasons_the_scores_and_the_cases() -> None:
    same = case("same", tamper("clear", 0.1), tamper("clear", 0.1, model="tamper-2"))
    doubted = tamper("suspected", 0.9, "text_altered", model="tamper-2")
    moved = case("moved", tamper("caution", 0.3, "screen_replay"), doubted, "status")

    assert told(same, moved) == [
        "2 cases; 1 would be answered otherwise",
        "tamper (tamper-1 -> tamper-2): 2 answers; 1 would be otherwise",
        "  1 from clear to clear",
        "  1 from caution to suspected",
        "  came: text_altered 1",
        "  went: screen_replay 1",
        "  otherwise: status 1",
        "  breakdown[edges].score: median 0.200, p95 0.290 before, median 0.500, p95 0.860 after",
        "moved",
    ]


def test_it_tells_what_was_left_out_and_what_could_not_be_done() -> None:
    out = CaseAnswers(case="gone", client="cl_1", left_out="erased")
    broken = CaseAnswers(case="broken", client="cl_1", answers=(Answer(step="read", failed="it broke"),))

    assert told(out, broken) == [
        "2 cases; 0 would be answered otherwise; left out: 1 erased",
        "could not be done again: 1 it broke",
    ]


def test_of_many_cases_the_first_are_named() -> None:
    moved = [case(f"case-{n}", tamper("clear", 0.1), tamper("caution", 0.2), "status") for n in range(5)]

    assert told(*moved, most=2)[-3:] == ["case-0", "case-1", "and 3 more: --most, or --json for all"]
