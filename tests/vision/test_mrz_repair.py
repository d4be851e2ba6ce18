"""Choosing a zone's characters: alphabets, look-alikes, one swap where a digit then agrees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tests.vision.test_mrz import TD3
from verification.vision.mrz import LAYOUTS, MachineZone
from verification.vision.mrz_net import CHARACTERS
from verification.vision.mrz_repair import choose

LAYOUT = LAYOUTS["TD3"]
Scores = list[NDArray[np.float32]]
Doubt = tuple[int, int, str, float]


def chosen(scores: Scores) -> MachineZone:
    zone = choose(LAYOUT, scores)
    assert zone is not None
    return zone


def seen(lines: Sequence[str], doubts: Sequence[Doubt] = ()) -> Scores:
    scores = [np.full((44, len(CHARACTERS)), -12, np.float32) for _ in lines]
    for at, line in enumerate(lines):
        for column, character in enumerate(line):
            scores[at][column, CHARACTERS.index(character)] = -0.01
    for at, column, character, log in doubts:
        scores[at][column, CHARACTERS.index(character)] = log
    return scores


def second(text: str) -> tuple[str, str]:
    return (TD3[0], text)


def test_clear_characters_are_taken_as_they_are() -> None:
    assert chosen(seen(TD3)).lines == TD3


def test_a_letter_in_a_date_becomes_the_digit_it_resembles() -> None:
    assert chosen(seen(second(TD3[1].replace("7408122", "74O8IZ2")))).lines == TD3


def test_a_digit_in_a_name_becomes_the_letter_it_resembles() -> None:
    assert chosen(seen((TD3[0].replace("ERIKSSON", "ER1K5S0N"), TD3[1]))).lines == TD3


def test_a_doubtful_character_gives_way_when_the_digit_then_agrees() -> None:
    wrong = second(TD3[1].replace("L898902C3", "L898902G3"))
    assert chosen(seen(wrong, [(1, 7, "C", -1.5)])).lines == TD3


def test_a_clear_character_never_gives_way_to_please_a_digit() -> None:
    wrong = second(TD3[1].replace("L898902C3", "L898902G3"))
    zone = chosen(seen(wrong, [(1, 7, "C", -8.0)]))
    assert (zone.lines, "document_number" in zone.wrong_check_digits) == (wrong, True)


def test_the_composite_digit_is_never_repaired_across() -> None:
    wrong = second(TD3[1][:-1] + "5")
    zone = chosen(seen(wrong, [(1, 43, "0", -0.5), (1, 28, "2", -0.5)]))
    assert zone.wrong_check_digits == ("composite",)


def test_what_follows_the_end_of_a_name_is_filler_if_it_looks_like_one() -> None:
    dirty = (TD3[0][:38] + "C" + TD3[0][39:], TD3[1])
    assert chosen(seen(dirty, [(0, 38, "<", -5.0)])).lines == TD3


def test_confidence_falls_with_the_doubt_in_the_characters() -> None:
    sure, unsure = chosen(seen(TD3)), chosen([line * 40 for line in seen(TD3)])
    assert 0 < unsure.confidence_01 < sure.confidence_01 <= 1
