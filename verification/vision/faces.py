"""Faces in a picture: where they are, five points on each, and 128 numbers that tell people apart.

dlib is used directly, with its HOG and CNN detectors, 5-point aligner and ResNet. The `face_recognition`
package is never imported by the product: its import opens the 68-point model, whose training data forbid
commercial use (https://github.com/davisking/dlib-models), so that model is never loaded. Only the other model
*files* of `face_recognition_models` are used, found without importing that package.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, cast

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from verification.vision.grades import Box

__all__ = ["Embedding", "Face", "Picture", "distance_l2", "embed", "find_faces", "five_points", "warm_up"]

Picture = NDArray[np.uint8]
"""RGB (H, W, 3) or, where said, grey (H, W)."""

Embedding = NDArray[np.float64]
"""(128,) numbers; Euclidean distance tells people apart."""

_HOG_WIDTH_PX = 80
"""HOG was trained on 80 px windows: smaller faces are missed (measured: none at 53 px)."""

_MOST_PIXELS = 4_000_000
"""Resampling never makes a picture larger than this: memory and time stay bounded."""

_CNN_PIXELS = 60_000
"""The CNN costs about 8 us a pixel (measured); this keeps the retry below half a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face.

    `points` is float64 (5, 2), x and y in pixels of the picture: outer and inner corner of the eye on the
    picture's right, outer and inner corner of the one on its left, base of the nose. `score` is the
    detector's own (above 0; higher is surer).
    """

    box: Box
    points: NDArray[np.float64]
    score: float


class _Rectangle(Protocol):
    """dlib's rectangle."""

    def left(self) -> int: ...
    def top(self) -> int: ...
    def width(self) -> int: ...
    def height(self) -> int: ...


class _Point(Protocol):
    """dlib's point."""

    x: int
    y: int


class _Shape(Protocol):
    """dlib's full_object_detection."""

    def parts(self) -> Sequence[_Point]: ...


class _Hog(Protocol):
    """dlib's fhog_object_detector."""

    def run(
        self, picture: Picture, upsample_times: int, adjust_threshold: float
    ) -> tuple[Sequence[_Rectangle], Sequence[float], Sequence[int]]: ...


class _CnnHit(Protocol):
    """dlib's mmod_rectangle."""

    rect: _Rectangle
    confidence: float


class _Cnn(Protocol):
    """dlib's cnn_face_detection_model_v1."""

    def __call__(self, picture: Picture, upsample_times: int) -> Sequence[_CnnHit]: ...


class _Aligner(Protocol):
    """dlib's shape_predictor."""

    def __call__(self, picture: Picture, box: object) -> _Shape: ...


class _Net(Protocol):
    """dlib's face_recognition_model_v1."""

    def compute_face_descriptor(self, picture: Picture, shape: object) -> Sequence[float]: ...


def find_faces(rgb: Picture, *, min_width_px: int = _HOG_WIDTH_PX, retry: bool = True) -> tuple[Face, ...]:
    """Finds faces at least about `min_width_px` wide in an RGB or grey picture, the widest first.

    The picture is resampled so that such a face is as wide as the HOG detector needs: a larger minimum is
    cheaper (time falls with its square). When HOG finds nothing and `retry` is set, the slower CNN looks once
    at a reduced picture; it sees turned and half covered faces that HOG does not.
    """
    scale = min(_HOG_WIDTH_PX / min_width_px, (_MOST_PIXELS / (rgb.shape[0] * rgb.shape[1])) ** 0.5)
    found = _by_hog(_resampled(rgb, scale))
    if not found and retry:
        scale = min(scale, (_CNN_PIXELS / (rgb.shape[0] * rgb.shape[1])) ** 0.5)
        found = _by_cnn(_resampled(rgb, scale))
    boxes = [(_scaled(box, 1 / scale), score) for box, score in found]
    faces = [Face(box, five_points(rgb, box), score) for box, score in boxes]
    return tuple(sorted(faces, key=lambda face: -face.box.width))


def five_points(picture: Picture, box: Box) -> NDArray[np.float64]:
    """Finds the five points of the face in `box` of an RGB or grey picture: float64 (5, 2), whole pixels."""
    frame = dlib.rectangle(box.x, box.y, box.x + box.width - 1, box.y + box.height - 1)
    return np.array([(point.x, point.y) for point in _aligner()(picture, frame).parts()], dtype=np.float64)


def embed(rgb: Picture, face: Face) -> Embedding:
    """Computes the face's embedding, float64 (128,), after aligning it by its five points.

    It costs about 75 ms and holds the GIL: call it in a worker process. An embedding is biometric data.
    """
    box = face.box
    frame = dlib.rectangle(box.x, box.y, box.x + box.width - 1, box.y + box.height - 1)
    points = dlib.points([dlib.point(int(x), int(y)) for x, y in face.points])
    shape = dlib.full_object_detection(frame, points)
    return np.array(_net().compute_face_descriptor(np.ascontiguousarray(rgb), shape), dtype=np.float64)


def distance_l2(a: Embedding, b: Embedding) -> float:
    """Computes the Euclidean distance of two embeddings: 0 for one picture, about 0.3 to 0.9 in practice."""
    return float(np.linalg.norm(a - b))


def warm_up() -> None:
    """Loads every model but the CNN, so that the first question of a worker is as quick as the next."""
    _hog()
    _aligner()
    _net()


def _by_hog(picture: Picture) -> list[tuple[Box, float]]:
    boxes, scores, _ = _hog().run(picture, 0, 0.0)
    return [(_box(frame), float(score)) for frame, score in zip(boxes, scores, strict=True)]


def _by_cnn(picture: Picture) -> list[tuple[Box, float]]:
    colour = picture if picture.ndim == 3 else cast("Picture", cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB))
    return [(_box(hit.rect), float(hit.confidence)) for hit in _cnn()(colour, 0)]


def _box(frame: _Rectangle) -> Box:
    return Box(frame.left(), frame.top(), frame.width(), frame.height())


def _scaled(box: Box, factor: float) -> Box:
    return Box(*(round(side * factor) for side in (box.x, box.y, box.width, box.height)))


def _resampled(picture: Picture, scale: float) -> Picture:
    if abs(scale - 1) < 0.02:
        return np.ascontiguousarray(picture)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cast("Picture", cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way))


def _model_file(name: str) -> str:
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package face_recognition_models is not installed: run `make setup`")
    return str(Path(spec.submodule_search_locations[0]) / "models" / name)


@cache
def _hog() -> _Hog:
    return cast("_Hog", dlib.get_frontal_face_detector())


@cache
def _cnn() -> _Cnn:
    return cast("_Cnn", dlib.cnn_face_detection_model_v1(_model_file("mmod_human_face_detector.dat")))


@cache
def _aligner() -> _Aligner:
    return cast("_Aligner", dlib.shape_predictor(_model_file("shape_predictor_5_face_landmarks.dat")))


@cache
def _net() -> _Net:
    return cast(
        "_Net", dlib.face_recognition_model_v1(_model_file("dlib_face_recognition_resnet_model_v1.dat"))
    )
