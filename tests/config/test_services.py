"""Services are found where they lie; the product has no list of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.environment import WrongSetting
from config.services import BesideService, beside


def _add(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "service.toml").write_text(text)


def test_a_folder_with_a_service_in_it_is_enough(tmp_path: Path) -> None:
    _add(tmp_path, "letters", 'says = "how many letters"\nsettings = ["VOUCH_LETTERS_DATABASE_URL"]')
    (tmp_path / "notes").mkdir()

    found = beside(folder=tmp_path)

    assert found == (BesideService("letters", "how many letters", ("VOUCH_LETTERS_DATABASE_URL",)),)


def test_only_those_that_are_wanted_run(tmp_path: Path) -> None:
    for name in ("one", "other"):
        _add(tmp_path, name, 'says = "something"')

    assert [one.name for one in beside(frozenset({"other"}), tmp_path)] == ["other"]
    assert beside(frozenset(), tmp_path) == ()


def test_a_service_that_is_not_there_cannot_be_wanted(tmp_path: Path) -> None:
    _add(tmp_path, "one", 'says = "something"')

    with pytest.raises(WrongSetting, match=r"no service is named other, .*; there are one"):
        beside(frozenset({"other"}), tmp_path)


@pytest.mark.parametrize("text", ["", "says", "says = 'x'\nsettings = 3"])
def test_a_file_that_does_not_say_what_it_must_is_named(tmp_path: Path, text: str) -> None:
    _add(tmp_path, "one", text)

    with pytest.raises(WrongSetting, match=r"one/service\.toml"):
        beside(folder=tmp_path)
