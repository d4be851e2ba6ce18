"""Accuracy runs: intervals and rates agree with worked examples, and manifests are refused with a reason."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.accuracy import KINDS, main, measure
from benchmarks.accuracy_report import (
    Figures,
    ManifestError,
    count,
    median,
    read_manifest,
    render,
    share,
    wilson,
)
from benchmarks.accuracy_scores import area_under_curve, equal_error_rate, true_accepts_at
from benchmarks.accuracy_tamper import suspicion
from tests.specimens.portraits import portrait
from verification.vision.grades import Cue

_REAL = Path(os.environ.get("VOUCH_REAL_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
_scores = st.lists(st.floats(-1, 1), min_size=1, max_size=40)


def test_wilsons_interval_agrees_with_the_worked_example() -> None:
    # Newcombe 1998 (Statistics in Medicine 17, 857), table I: 81 of 263.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_own_share(trial: tuple[int, int]) -> None:
    low, high = wilson(*trial)
    assert 0 <= low <= trial[0] / trial[1] <= high <= 1


def test_more_hits_than_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="hits <= n"):
        wilson(3, 2)


def test_a_small_n_is_said_to_be_small() -> None:
    assert "too small" in share("x", 3, 10).note
    assert share("x", 30, 100).note == ""
    assert share("x", 0, 0).value is None


def test_a_median_lies_within_its_bounds() -> None:
    figure = median("ms", [float(n) for n in range(100)], unit="ms")
    assert (figure.value, figure.low, figure.high) == (49.5, 40.0, 60.0)
    assert median("ms", [], unit="ms").value is None


def test_the_report_ends_with_one_line_that_programs_read() -> None:
    text = render(Figures("faces", (share("found", 9, 10), count("crashes", 0, 5))))
    last = json.loads(text.splitlines()[-1])
    assert last["kind"] == "faces"
    assert [row["n"] for row in last["figures"]] == [10, 5]


@given(_scores, _scores)
def test_the_area_turns_over_when_the_classes_change_places(one: list[float], other: list[float]) -> None:
    forth, back = area_under_curve("AUC", one, other).value, area_under_curve("AUC", other, one).value
    assert forth is not None
    assert back is not None
    assert forth + back == pytest.approx(1)


def test_separate_classes_have_no_equal_error() -> None:
    genuine, impostor = [0.8, 0.9] * 60, [0.1, 0.2] * 60
    assert equal_error_rate(genuine, impostor).value == 0
    assert true_accepts_at(0.01, genuine, impostor).value == 1
    assert area_under_curve("AUC", genuine, impostor).value == 1


def test_like_classes_have_an_equal_error_of_a_half() -> None:
    scores = [number / 100 for number in range(100)]
    assert equal_error_rate(scores, scores).value == pytest.approx(0.5, abs=0.02)


def test_a_rate_that_n_cannot_show_has_no_value() -> None:
    figure = true_accepts_at(0.001, [0.9] * 50, [0.1] * 50)
    assert figure.value is None
    assert "too small" in figure.note


def test_a_manifest_without_its_columns_is_refused_by_name(tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text("a,b\nx,y\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="lacks same"):
        read_manifest(manifest, columns=("a", "b", "same"))


def test_a_missing_manifest_ends_with_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faces", "--manifest", str(tmp_path / "none.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_every_kind_of_the_contract_has_a_module() -> None:
    expected = {"faces", "portrait", "mrz", "fields", "barcode", "liveness", "tamper", "uploads"}
    assert set(KINDS) == expected


def test_pairs_of_specimens_are_measured_from_a_manifest(tmp_path: Path) -> None:
    for name in ("obama", "obama3", "biden"):
        Image.fromarray(portrait(name)).resize((400, 640)).save(tmp_path / f"{name}.png")
    manifest = tmp_path / "m.csv"
    manifest.write_text("a,b,same\nobama.png,obama3.png,1\nobama.png,biden.png,0\n", encoding="utf-8")
    values = {row.name: row.value for row in measure("faces", manifest).rows}
    assert values["different, clear: false accept"] == 0
    assert values["pairs without a face found"] == 0


def test_the_worst_cue_makes_the_suspicion() -> None:
    cues = [Cue("screen", "clear", (), 0.4), Cue("text_edit", "suspected", ("text_altered",), 0.5)]
    assert suspicion(cues) == 2
    assert suspicion([Cue("ghost_match", "not_applicable")]) == 0


@pytest.mark.real_data
def test_the_real_documents_portrait_and_its_selfie_are_both_found() -> None:
    manifest = _REAL / "portrait.csv"
    if not manifest.exists():
        pytest.skip(f"no evaluation data at {_REAL}: set VOUCH_REAL_DATA")
    values = {row.name: row.value for row in measure("portrait", manifest).rows}
    assert values["pairs without a face found"] == 0
