"""The inside may be renamed, field and topic: what a client reads stays the same, byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from protocol.catalogue import stream_named
from protocol.schemas import verification_v1_pb2 as verification

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "protocol",
    "subscriber",
    "events",
    "access",
    "verification",
    "streaming",
    "config",
    "deploy",
    "tests",
)
FIELD, STREAM = "confidence_01", "verification.partial"


def renamed(text: str) -> str:
    return text.replace(FIELD, "certainty_per_one").replace(STREAM, "verification.glimpse")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the product's sources in which a field and a topic have another name, everywhere."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "*_pb2*"))
    for name in ("pyproject.toml", "manage.py"):
        shutil.copy(ROOT / name, tmp_path)
    for path in tmp_path.rglob("*"):
        if path.suffix in {".py", ".proto"}:
            path.write_text(renamed(path.read_text()))
    return tmp_path


def run(house: Path, *command: str) -> str:
    # The compiler of schemas finds its plug-in beside the interpreter.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "VOUCH_DATA": str(house / "var"), "PYTHONPATH": str(house), "PATH": path}
    done = subprocess.run(
        [sys.executable, *command], cwd=house, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_a_renamed_field_and_topic_leave_every_public_byte_as_it_was(house: Path) -> None:
    assert FIELD in verification.DocumentClassified.DESCRIPTOR.fields_by_name
    assert stream_named(STREAM).topic.startswith(STREAM)

    run(house, "-m", "protocol.generate")
    inside = run(
        house,
        "-c",
        "from protocol.catalogue import STREAMS; from protocol.schemas import verification_v1_pb2 as v; "
        "print(sorted(s.topic for s in STREAMS), *v.DocumentClassified.DESCRIPTOR.fields_by_name)",
    )
    assert "verification.glimpse.v1" in inside
    assert "certainty_per_one" in inside
    assert FIELD not in inside
    assert STREAM not in inside

    # The bytes that were written down when version 1 was published, by the renamed code.
    golden = Path("tests") / "streaming" / "golden"
    assert [p.read_bytes() for p in (house / golden).iterdir()] == [
        p.read_bytes() for p in (ROOT / golden).iterdir()
    ]
    said = run(
        house, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/streaming/writing/test_projection.py"
    )
    assert " passed" in said
    assert "failed" not in said
