"""A good photograph is clear of every complaint; each fault is called by its own reason and no other."""

from __future__ import annotations

import numpy as np
import pytest

from tests.specimens.camera import Fault, Shot
from tests.vision.pictures import Kind, empty, flat, picture
from verification.vision.classify import classify
from verification.vision.grades import Cue
from verification.vision.images import Bgr
from verification.vision.quality import measure

SIDEWAYS = Shot(background="dark", turn_degrees=90)


def _cues(photo: Bgr) -> dict[str, Cue]:
    return {cue.name: cue for cue in measure(photo, classify(photo).page)}


def _complaints(photo: Bgr) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {name: (cue.status, cue.reasons) for name, cue in _cues(photo).items() if cue.reasons}


@pytest.mark.parametrize("kind", ["licence", "passport", "grey_copy"])
def test_a_usual_photograph_is_clear_of_every_complaint(kind: Kind) -> None:
    assert list(_cues(picture(kind))) == ["page", "upright", "whole", "sharp", "glare"]
    assert _complaints(picture(kind)) == {}


@pytest.mark.parametrize(
    ("fault", "name", "reason"),
    [("blurred", "sharp", "blurred"), ("glare", "glare", "glare"), ("cut_off", "whole", "cut_off")],
)
def test_each_fault_is_called_by_its_own_reason(fault: Fault, name: str, reason: str) -> None:
    photo = picture("licence", 1, Shot(background="dark", fault=fault))
    assert _complaints(photo) == {name: ("caution", (reason,))}


def test_a_desk_without_a_document_says_so_and_nothing_else() -> None:
    assert _complaints(empty("dark")) == {"page": ("unavailable", ("no_document",))}


def test_a_sideways_photograph_is_unreadable() -> None:
    assert _complaints(picture("licence", 1, SIDEWAYS)) == {"upright": ("unavailable", ("unreadable",))}


def test_a_glare_is_shown_where_it_lies_in_the_picture() -> None:
    photo = picture("licence", 1, Shot(background="dark", fault="glare"))
    box = _cues(photo)["glare"].box
    assert box is not None
    middle = photo[box.y + box.height // 2, box.x + box.width // 2]
    assert int(middle.min()) > 240


def test_a_scan_without_a_border_is_not_cut_off() -> None:
    scan = np.ascontiguousarray(flat("passport")[..., ::-1])
    assert _cues(scan)["whole"].status == "clear"


def test_more_blur_never_scores_less() -> None:
    soft, hard = (
        picture("licence", 1, Shot(background="dark", fault=fault)) for fault in ("none", "blurred")
    )
    scores = [_cues(photo)["sharp"].score or 0.0 for photo in (soft, hard)]
    assert scores[0] < 0.4 < scores[1]
