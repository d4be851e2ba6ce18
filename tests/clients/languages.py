"""The languages in which there is a client: how each is built, and its command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

__all__ = ["LANGUAGES", "Client", "Language", "build"]

_ROOT = Path(__file__).resolve().parents[2]
_BUILD_WITHIN_S = 300


@dataclass(frozen=True, slots=True)
class Client:
    """A client that can be run: its command line, and what its environment needs besides."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Language:
    """A client's sources below `clients/`, the programs its building needs, and the building.

    `make` is given the sources and an empty folder that lasts as long as the test run.
    """

    source: str
    programs: tuple[str, ...]
    make: Callable[[Path, Path], Client]


def _python(source: Path, _target: Path) -> Client:
    return Client((sys.executable, "-m", "vouch_feed"), {"PYTHONPATH": str(source)})


def _node(source: Path, target: Path) -> Client:
    """Compile a copy: nothing is written beside the sources."""
    copy = target / "typescript"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    installed = _run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"], copy)
    if installed.returncode != 0:
        pytest.skip(f"the TypeScript compiler cannot be installed: {installed.stderr[-300:]}")
    _built(_run(["npm", "run", "--silent", "build"], copy))
    return Client(("node", str(copy / "dist" / "cli.js")))


def _go(source: Path, target: Path) -> Client:
    binary = target / "vouch-follow"
    _built(_run(["go", "build", "-o", str(binary), "./cmd/vouch-follow"], source))
    return Client((str(binary),))


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_BUILD_WITHIN_S, check=False
    )


def _built(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, f"{' '.join(done.args)}:\n{done.stdout}\n{done.stderr}"


LANGUAGES: Mapping[str, Language] = {
    "python": Language("python", (), _python),
    "node": Language("typescript", ("node", "npm"), _node),
    "go": Language("go", ("go",), _go),
}


def build(name: str, target: Path) -> Client:
    """Build a language's client; the test is skipped where its sources or its tools are not there."""
    language = LANGUAGES[name]
    source = _ROOT / "clients" / language.source
    if not source.is_dir():
        pytest.skip(f"there is no clients/{language.source}")
    for program in language.programs:
        if shutil.which(program, path=os.environ.get("PATH")) is None:
            pytest.skip(f"clients/{language.source} is built by {program}, which is not installed")
    return language.make(source, target)
