"""The service's commands, as processes: they wait, they stop, they say what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path


def command(folder: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "VOUCH_DATA": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-m", "consumers.decisions", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_waits_for_the_product_and_stops_when_asked(tmp_path: Path) -> None:
    with command(tmp_path, "run") as running:
        line = running.stderr.readline() if running.stderr else ""
        running.send_signal(signal.SIGTERM)
        code = running.wait(timeout=10)

    assert "waits for the product" in line
    assert code == 0


def test_without_the_product_the_lag_cannot_be_told(tmp_path: Path) -> None:
    with command(tmp_path, "lag") as running:
        _, said = running.communicate(timeout=20)

    assert running.returncode == 1
    assert "the product is not running" in said


def test_a_new_service_has_no_dead_letters(tmp_path: Path) -> None:
    with command(tmp_path, "dead-letters") as running:
        said, _ = running.communicate(timeout=20)

    assert (running.returncode, said) == (0, "0 dead letters\n")


def test_the_service_needs_neither_django_nor_the_monolith() -> None:
    code = (
        "import consumers.decisions.__main__, sys; "
        "print(sorted({'django', 'events', 'verification', 'access'} & set(sys.modules)))"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout == "[]\n"
