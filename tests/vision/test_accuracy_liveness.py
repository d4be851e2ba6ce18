"""Figures of passive liveness: attacks missed by kind, false alarms, and what was not measured said so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.accuracy_liveness import Trial, figures, run
from benchmarks.accuracy_report import Figures, ManifestError
from tests.vision.recorded import clip

REAL = Path(os.environ.get("VOUCH_REAL_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


def value(made: Figures, name: str) -> float | None:
    return next(row.value for row in made.rows if row.name == name)


def test_missed_attacks_are_counted_by_kind() -> None:
    trials = [
        Trial(False, kind, score, 1.0) for kind, score in (("print", 0.5), ("screen", 1.4), ("screen", 0.2))
    ]
    made = figures(trials)
    assert value(made, "APCER, print") == 1.0
    assert value(made, "APCER, screen") == 0.5
    assert value(made, "APCER") == pytest.approx(2 / 3)


def test_a_false_alarm_is_a_live_score_of_one_and_more() -> None:
    made = figures([Trial(True, "", score, 1.0) for score in (0.4, 0.99, 1.0, 2.0)])
    assert value(made, "BPCER at the shipped threshold") == 0.5


def test_recordings_without_a_face_are_counted_and_not_scored() -> None:
    made = figures([Trial(True, "", None, 1.0), Trial(True, "", 0.5, 1.0)])
    assert value(made, "no face found") == 0.5
    assert value(made, "BPCER at the shipped threshold") == 0.0


@pytest.mark.slow
def test_a_manifest_of_clips_is_measured_from_end_to_end(tmp_path: Path) -> None:
    for name in ("genuine", "screen"):
        (tmp_path / f"{name}.mp4").write_bytes(clip(name))
    (tmp_path / "m.csv").write_text("media,live,kind\ngenuine.mp4,1,live\nscreen.mp4,0,screen\n")
    made = run(tmp_path / "m.csv")
    assert value(made, "APCER, screen") == 0.0
    assert value(made, "AUC") == 1.0


def test_a_manifest_that_names_no_clip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("media,live\nmissing.mp4,1\n")
    with pytest.raises(ManifestError, match="correct the manifest"):
        run(tmp_path / "m.csv")


@pytest.mark.slow
@pytest.mark.real_data
def test_filmed_people_raise_no_passive_alarm(tmp_path: Path) -> None:
    if not (REAL / "video").is_dir():
        pytest.skip("real clips are not beside this checkout: set VOUCH_REAL_DATA")
    rows = "".join(f"{REAL / 'video' / name}.mp4,1\n" for name in ("lp_d20", "lp_d3", "clm_cap13"))
    (tmp_path / "m.csv").write_text("media,live\n" + rows)
    assert value(run(tmp_path / "m.csv"), "BPCER at the shipped threshold") == 0.0
