"""The check's answers: a sound clip is clear, a spoilt one told by its own cue, and doubt accuses nobody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.specimens.portraits import portrait
from tests.vision.recorded import CHALLENGE, room, track
from verification.vision.face_track import FaceTrack, follow_photo
from verification.vision.grades import Cue
from verification.vision.liveness import Asked, Challenge, judge, passive_score


def cues(seen: FaceTrack, challenge: Challenge | None = CHALLENGE) -> dict[str, Cue]:
    return {cue.name: cue for cue in judge(seen, challenge).cues}


def test_a_genuine_clip_is_clear_in_every_part() -> None:
    assert {cue.status for cue in judge(track("genuine"), CHALLENGE).cues} == {"clear"}


def test_the_parts_of_the_breakdown_are_always_the_same() -> None:
    names = ("quality", "challenge", "screen", "sheet", "repeats", "people")
    for seen in (track("genuine"), room(), track("one frame")):
        assert tuple(cue.name for cue in judge(seen, CHALLENGE).cues) == names


@pytest.mark.parametrize("kind", ["only turned", "only shut", "late", "wrong order", "other side", "one eye"])
def test_an_unanswered_challenge_is_suspected_and_nothing_else(kind: str) -> None:
    found = cues(track(kind))
    assert found.pop("challenge") == Cue("challenge", "suspected", ("challenge_not_followed",))
    assert {cue.status for cue in found.values()} <= {"clear", "not_applicable"}


def test_a_turn_to_the_side_not_asked_is_a_veto() -> None:
    both = Challenge((Asked("turn_left", 900), Asked("turn_right", 2_900)))
    assert cues(track("genuine"), both)["challenge"].status == "suspected"


def test_a_screen_that_answers_the_challenge_is_told_by_its_grid() -> None:
    found = cues(track("screen"))
    assert found["challenge"].status == "clear"
    assert found["screen"].reasons == ("screen_replay",)


@pytest.mark.parametrize("kind", ["frozen", "looped"])
def test_a_repeated_picture_is_told_by_its_repetition(kind: str) -> None:
    assert cues(track(kind))["repeats"].reasons == ("frozen_or_looped",)


def test_a_turned_sheet_alone_is_a_caution() -> None:
    found = cues(track("bent"), None)["sheet"]
    assert (found.status, found.reasons) == ("caution", ("flat_face",))


def test_a_turned_sheet_with_a_second_cue_is_suspected() -> None:
    eyes_first = Challenge((Asked("close_eyes", 600), Asked("turn_right", 2_900)))
    found = cues(track("bent"), eyes_first)
    assert found["challenge"].status == found["sheet"].status == "suspected"


def test_nobody_there_is_said_and_not_suspected() -> None:
    found = cues(room())
    assert found["quality"].reasons == found["challenge"].reasons == ("no_face",)
    assert found["challenge"].status == "unavailable"


@pytest.mark.parametrize("kind", ["dark", "one frame", "short"])
def test_what_cannot_be_seen_well_is_never_held_against_anyone(kind: str) -> None:
    found = cues(track(kind))
    assert found["challenge"].reasons == ("not_seen_well",)
    assert "suspected" not in {cue.status for cue in found.values()}


def test_two_people_are_a_caution() -> None:
    assert cues(track("beside"))["people"] == Cue("people", "caution", ("two_faces",), 2.0)


def test_of_two_people_the_one_followed_is_not_accused_for_the_other() -> None:
    found = cues(track("beside"))["challenge"]
    assert found.status in {"clear", "unavailable"}
    assert found.reasons in {(), ("not_seen_well",)}


def test_a_clip_without_a_challenge_is_never_clear() -> None:
    found = cues(track("genuine"), None)
    assert found["challenge"].reasons == ("challenge_not_asked",)
    assert found["screen"].status == "clear"


def test_a_photo_gives_its_passive_parts_only() -> None:
    found = cues(follow_photo(portrait("obama3")), None)
    assert found["challenge"].status == "unavailable"
    assert found["repeats"].status == found["sheet"].status == "not_applicable"


def test_a_hole_where_the_challenge_looks_cannot_be_judged() -> None:
    seen = track("genuine")
    kept = (seen.t_ms < 1_000) | (seen.t_ms > 1_500)
    holed = replace(seen, t_ms=seen.t_ms[kept], points=seen.points[kept], eyes=seen.eyes[kept])
    assert cues(holed)["challenge"].reasons == ("not_seen_well",)


def test_a_small_face_cannot_be_judged() -> None:
    seen = track("genuine")
    small = replace(seen, points=np.asarray(seen.points / 4, np.float32))
    assert cues(small)["quality"].reasons == ("not_seen_well",)


@pytest.mark.parametrize(
    ("kind", "alarm"), [("genuine", False), ("screen", True), ("frozen", True), ("looped", True)]
)
def test_the_passive_score_alarms_at_one(kind: str, alarm: bool) -> None:
    assert (passive_score(track(kind)) >= 1) is alarm
