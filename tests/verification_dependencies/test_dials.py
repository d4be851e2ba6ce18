"""Every dependency has a decided answer to each of its three failures."""

from __future__ import annotations

from verification.dependencies.dials import DIALS, Dependency, Trouble, dial

_CHOSEN = (Dependency.LICENCE_REGISTER, Trouble.NOT_THERE)


def test_every_dependency_has_all_three_answers() -> None:
    assert set(DIALS) == set(Dependency)
    assert all(set(answers) == set(Trouble) for answers in DIALS.values())


def test_every_answer_says_in_words_what_it_means() -> None:
    meanings = [answer.meaning for answers in DIALS.values() for answer in answers.values()]

    assert [text for text in meanings if not text.endswith(".")] == []


def test_a_register_that_is_away_is_asked_again() -> None:
    assert dial(*_CHOSEN).fallback == "ask_again"


def test_a_client_may_choose_that_the_register_is_waited_for_instead() -> None:
    assert dial(*_CHOSEN).by_client == "wait"


def test_nothing_else_is_for_a_client_to_choose() -> None:
    others = [DIALS[d][t].by_client for d in Dependency for t in Trouble if (d, t) != _CHOSEN]

    assert set(others) == {""}
