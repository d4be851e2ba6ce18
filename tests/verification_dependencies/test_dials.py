"""Every dependency has a decided answer to each of its three failures."""

from __future__ import annotations

from verification.dependencies.dials import DIALS, Dependency, Trouble, dial


def test_every_dependency_has_all_three_answers() -> None:
    assert set(DIALS) == set(Dependency)
    assert all(set(answers) == set(Trouble) for answers in DIALS.values())


def test_every_answer_says_in_words_what_it_means() -> None:
    meanings = [answer.meaning for answers in DIALS.values() for answer in answers.values()]

    assert [text for text in meanings if not text.endswith(".")] == []


def test_a_register_that_is_away_is_asked_again() -> None:
    assert dial(Dependency.LICENCE_REGISTER, Trouble.NOT_THERE).fallback == "ask_again"


def test_what_a_client_may_choose_instead_is_off_until_it_does() -> None:
    chosen = {name: answer.by_client for name, answers in DIALS.items() for answer in answers.values()}

    assert dial(Dependency.LICENCE_REGISTER, Trouble.NOT_THERE).by_client == "wait"
    assert not dial(Dependency.LICENCE_REGISTER, Trouble.NOT_THERE).fallback == "wait"
    assert set(chosen) == set(Dependency)
