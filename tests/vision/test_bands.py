"""The face match's bands, and how many frames it asks for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.vision.bands import FACE_MATCH, Bands, face_match, grade_distance
from verification.vision.faces import Embedding

_RANK = {"clear": 0, "caution": 1, "suspected": 2}
_distances = st.floats(0, 2, allow_nan=False)


def _at(distance: float) -> Embedding:
    embedding = np.zeros(128)
    embedding[0] = distance
    return embedding


@given(_distances, _distances)
def test_a_greater_distance_is_never_graded_better(one: float, other: float) -> None:
    near, far = sorted((one, other))
    assert _RANK[grade_distance(near)] <= _RANK[grade_distance(far)]


@pytest.mark.parametrize(("distance", "status"), [(0.33, "clear"), (0.5, "caution"), (0.85, "suspected")])
def test_the_specimens_fall_into_the_bands_they_should(distance: float, status: str) -> None:
    assert face_match(_at(0), [_at(distance)] * 3).status == status


def test_the_ends_of_the_bands_belong_to_the_better_grade() -> None:
    bands = Bands(clear=0.4, caution=0.5)
    assert [grade_distance(distance, bands) for distance in (0.4, 0.5)] == ["clear", "caution"]


@given(_distances)
def test_only_a_clear_match_is_without_a_reason(distance: float) -> None:
    cue = face_match(_at(0), [_at(distance)])
    assert cue.reasons == (() if cue.status == "clear" else ("face_mismatch",))


def test_no_frame_with_a_face_is_unavailable() -> None:
    cue = face_match(_at(0), [])
    assert (cue.status, cue.reasons) == ("unavailable", ("no_face",))


def test_a_certain_first_frame_asks_for_no_other() -> None:
    def frames() -> Iterator[Embedding]:
        yield _at(0.3)
        pytest.fail("a second frame was asked for")

    assert face_match(_at(0), frames()).status == "clear"


def test_a_frame_near_a_bar_is_settled_by_two_more() -> None:
    frames = iter([_at(FACE_MATCH.clear + 0.01), _at(0.4), _at(0.41), _at(0.9)])
    cue = face_match(_at(0), frames)
    assert cue.status == "clear"
    assert cue.score == pytest.approx(0.41)
    assert len(list(frames)) == 1
