"""Finds faces and their five points (four eye corners, nose base) with dlib, behind typed functions."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

import dlib
import numpy as np
from numpy.typing import NDArray

from verification.vision.grades import Box

__all__ = ["detect", "five_points"]

_MODELS = "face_recognition_models"
_FIVE_POINTS = "models/shape_predictor_5_face_landmarks.dat"


class _Rectangle(Protocol):
    def left(self) -> int: ...
    def top(self) -> int: ...
    def width(self) -> int: ...
    def height(self) -> int: ...


class _Point(Protocol):
    x: int
    y: int


class _Shape(Protocol):
    def part(self, index: int) -> _Point: ...


class _Detector(Protocol):
    def run(
        self, image: NDArray[np.uint8], upsample_num_times: int, adjust_threshold: float
    ) -> tuple[list[_Rectangle], list[float], list[int]]: ...


class _Predictor(Protocol):
    def __call__(self, image: NDArray[np.uint8], box: object) -> _Shape: ...


@cache
def _detector() -> _Detector:
    return cast("_Detector", dlib.get_frontal_face_detector())


@cache
def _predictor() -> _Predictor:
    # The package is located, never imported: its import reads pkg_resources and warns.
    spec = find_spec(_MODELS)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"package {_MODELS} is not installed: install requirements/vision.in")
    return cast("_Predictor", dlib.shape_predictor(str(Path(spec.origin).parent / _FIVE_POINTS)))


def detect(image: NDArray[np.uint8], *, threshold: float = 0.0) -> tuple[Box, ...]:
    """Find faces of 80 pixels and more.

    Args:
        image: Grey (h, w) or RGB (h, w, 3) picture.
        threshold: Detector score below which a face is not reported; lower finds more.

    Returns:
        Boxes in pixels of `image`, the surest first.
    """
    boxes, _, _ = _detector().run(np.ascontiguousarray(image), 0, threshold)
    return tuple(Box(b.left(), b.top(), b.width(), b.height()) for b in boxes)


def five_points(image: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
    """Place the five points of the face in `box`.

    Returns:
        (5, 2) float32 pixels: outer and inner corner of the eye on the image's right, outer and inner
        corner of the eye on its left, base of the nose.
    """
    area = dlib.rectangle(box.x, box.y, box.x + box.width - 1, box.y + box.height - 1)
    shape = _predictor()(np.ascontiguousarray(image), area)
    parts = [shape.part(index) for index in range(5)]
    return np.array([(part.x, part.y) for part in parts], dtype=np.float32)
