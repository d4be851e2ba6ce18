"""One command makes a service that runs beside the product and has a test; a wrong name makes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.services import beside
from examples.making import ROOT, CannotMake, main, plan

NAME = "post_cards"
_OF_THIS_MACHINE = (
    ".git",
    ".venv",
    ".cache",
    ".*_cache",
    ".hypothesis",
    "var",
    "__pycache__",
    "node_modules",
)
# What its processes would inherit.
_OF_THIS_SUITE = {"VOUCH_DATA", "VOUCH_DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_CURRENT_TEST"}


@pytest.mark.parametrize("name", ["", "x", "1st", "Letters", "two words", "../letters", "import", "a" * 32])
def test_what_is_no_name_of_a_service_is_refused(name: str) -> None:
    with pytest.raises(CannotMake, match="cannot be a service's name"):
        plan(name)


@pytest.mark.parametrize("name", [*(one.name for one in beside()), "mirror", "protocol", "access", "vouch_x"])
def test_a_name_that_is_taken_is_refused(name: str) -> None:
    with pytest.raises(CannotMake, match="is taken"):
        plan(name)


def test_a_refusal_is_told_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["Letters"]) == 2
    assert "make consumer NAME=letters" in capsys.readouterr().err


def test_it_has_all_that_a_service_has_under_its_own_name_and_nothing_of_the_product_changes() -> None:
    files = {str(path.relative_to(ROOT)): text for path, text in plan(NAME).items()}

    new = {path for path in files if not (ROOT / path).exists()}
    assert new >= {f"consumers/{NAME}/service.toml", f"tests/consumers/{NAME}/test_service.py"}
    assert [path for path in new if "letters" in files[path].lower()] == []
    assert files.keys() - new == {"protocol/streams.py", "deploy/compose.yaml", "deploy/compose_databases.sh"}


def test_where_a_file_has_no_place_for_the_name_it_says_which(tmp_path: Path) -> None:
    root = _copy(tmp_path)
    (root / "deploy" / "compose.yaml").write_text("services: {}\n")

    with pytest.raises(CannotMake, match=r"deploy/compose\.yaml: there is no place"):
        plan(NAME, root)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_it_makes_passes_its_test_and_runs_beside_the_product(tmp_path: Path) -> None:
    root = _copy(tmp_path)
    # As a person would run it, not in the folder of this suite; of the services the new one alone.
    environment = {name: value for name, value in os.environ.items() if name not in _OF_THIS_SUITE}
    environment["VOUCH_SERVICES"] = NAME

    def run(*words: str) -> None:
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"

    run("examples.making", NAME)
    run("ruff", "check", "consumers", "protocol", "tests/consumers")
    run("pytest", "-q", f"tests/consumers/{NAME}", "tests/architecture", "tests/deploy/test_compose.py")
    run("tests.examples.driving", NAME)


def _copy(folder: Path) -> Path:
    """Copy the whole product, without what is of this machine."""
    return Path(shutil.copytree(ROOT, folder / "vouch", ignore=shutil.ignore_patterns(*_OF_THIS_MACHINE)))
