"""The service's commands; an export is verified where there is neither product nor database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from consumers.audit.log import append
from consumers.audit.service import SPEC
from subscriber.serving import main
from tests.consumers.audit.makers import KEY, opened_log, publisher, record, viewed

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


class Said(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Audit = Callable[..., Said]


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Audit:
    """Run a command on a data folder, in this process."""

    def run(folder: Path, *words: str) -> Said:
        monkeypatch.setenv("VOUCH_DATA", str(folder))
        monkeypatch.setenv("VOUCH_AUDIT_KEY", (b"k" * 32).hex())
        monkeypatch.setattr("sys.argv", ["audit", *words])
        code = main(SPEC)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a log of five events and a head of the first four."""
    folder = tmp_path / "data"
    (folder / "audit").mkdir(parents=True)
    with opened_log(folder / "audit.sqlite3") as store:
        with store.transaction():
            append([record(1), viewed(2, "staff:7"), record(3), record(4)], store)
        publisher(store, folder / "audit").publish(NOW)
        with store.transaction():
            append([record(5)], store)
    return folder


def test_the_public_key_is_printed(audit: Audit, data: Path) -> None:
    assert audit(data, "key").out == f"{KEY.public.hex()}\n"


def test_who_saw_what_when_and_on_what_ground_is_told(audit: Audit, data: Path) -> None:
    said = audit(data, "who", "--applicant", "ap_1")

    assert said.code == 0
    assert said.out.startswith("2026-02-02T02:40:02.000000Z staff:7 saw evidence ev_1 of case case-1 ")
    assert "client cl_1, on the ground review (entry 2, event " in said.out


def test_the_live_log_is_verified_against_its_published_heads(audit: Audit, data: Path) -> None:
    said = audit(data, "verify")

    assert said.code == 0
    assert said.out.splitlines() == [
        "whole: 5 entries, each as it was logged, up to 4 by published heads",
        "no head has been published yet of entries 5 to 5",
    ]


def exported(audit: Audit, data: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Take an export and the heads elsewhere, and the product away."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = audit(data, "export", "--to", str(elsewhere / "log.jsonl"))
    assert (done.code, done.out.split()[0]) == (0, "5")
    (data / "audit" / "heads.jsonl").rename(elsewhere / "heads.jsonl")
    return elsewhere / "log.jsonl", elsewhere / "heads.jsonl"


def test_an_export_is_verified_off_line(audit: Audit, data: Path, tmp_path: Path) -> None:
    log, heads = exported(audit, data, tmp_path)
    words = ["verify", str(log), "--heads", str(heads), "--key", KEY.public.hex()]

    said = subprocess.run(
        [sys.executable, "-m", "consumers.audit", *words],
        cwd=tmp_path / "elsewhere",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.startswith("whole: 5 entries")


def test_an_edited_export_is_refused_by_the_entry(audit: Audit, data: Path, tmp_path: Path) -> None:
    log, heads = exported(audit, data, tmp_path)
    log.write_text(log.read_text().replace("case-1", "case-7", 1))

    said = audit(tmp_path, "verify", str(log), "--heads", str(heads), "--key", KEY.public.hex())

    assert (said.code, said.out) == (
        1,
        "NOT WHOLE: entry 1: its hash is not that of itself and all before it: it was edited\n",
    )


def test_an_export_that_was_cut_short_is_refused(audit: Audit, data: Path, tmp_path: Path) -> None:
    log, heads = exported(audit, data, tmp_path)
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:4]))

    said = audit(tmp_path, "verify", str(log), "--heads", str(heads), "--key", KEY.public.hex())

    assert said.code == 1
    assert "NOT WHOLE: entry 4: the log ends before it" in said.out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["verify", "log.jsonl"], "give --heads FILE and --key PUBLIC_KEY"),
        (["verify", "log.jsonl", "--heads", "h", "--key", "00"], "h cannot be read: FileNotFoundError"),
        (["verify", "--key", "nonsense"], "a public key is 64 hex digits"),
        (["verify", "--journal"], "the product is not running"),
        (["lag"], "the product is not running"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(
    audit: Audit, data: Path, words: list[str], why: str
) -> None:
    said = audit(data, *words)

    assert said.code == 1
    assert why in said.err


def test_the_log_is_never_made_anew(audit: Audit, data: Path) -> None:
    said = audit(data, "replay")

    assert said.code == 1
    assert "never made anew" in said.err


def test_the_service_needs_neither_django_nor_the_monolith() -> None:
    code = (
        "import consumers.audit.__main__, sys; "
        "print(sorted({'django', 'events', 'verification', 'access'} & set(sys.modules)))"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout == "[]\n"
