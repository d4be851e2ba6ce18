"""The Go client's own tests: its tool chain formats, checks, builds and tests it, without the network."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).resolve().parents[2]
_SOURCE = _ROOT / "clients" / "go"
# Kept between runs and ignored by git: a first build of the standard library takes most of a minute.
_CACHE = _ROOT / ".cache" / "go-build"
_WITHIN_S = 300


def _go(*command: str) -> str:
    """Run a tool of Go in the client's folder; gives what it said."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"clients/go is tested by {command[0]}, which is not installed")
    environment = {
        **os.environ,
        "GOCACHE": str(_CACHE),
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    done = subprocess.run(
        command, cwd=_SOURCE, env=environment, capture_output=True, text=True, timeout=_WITHIN_S, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(command)}:\n{said}"
    return said


@pytest.mark.timeout(_WITHIN_S)
def test_the_go_client_is_formatted_and_vetted_and_its_own_tests_hold() -> None:
    assert _go("gofmt", "-l", ".") == ""
    _go("go", "vet", "./...")
    said = _go("go", "test", "-timeout", "120s", "./...")

    assert said.count("ok  \t") == 2, said


@pytest.mark.timeout(_WITHIN_S)
def test_the_go_client_has_no_data_race() -> None:
    if shutil.which("gcc") is None:
        pytest.skip("Go's race detector needs a C compiler")

    _go("go", "test", "-race", "-timeout", "200s", "./...")


def test_the_go_client_needs_nothing_but_the_standard_library() -> None:
    assert "require" not in (_SOURCE / "go.mod").read_text()
    assert not (_SOURCE / "go.sum").exists()
