"""The faces of the specimens: photographs fetched at set-up, never committed.

Four come from `tests/test_images` of face_recognition 1.3.0's source distribution (official portraits and
press pictures of US office holders), one from scikit-image (Eileen Collins, NASA): works of the US government
as far as known; the distribution itself names no licence for them, which is why none lies in this repository.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

__all__ = ["NAMES", "Rgb", "crop_35_45", "fetch", "folder", "portrait"]

Rgb = NDArray[np.uint8]

_RELEASE = "1.3.0"
_ARCHIVE = f"face_recognition-{_RELEASE}.tar.gz"
_FACE_SQUARES = {
    "obama": (366, 136, 258),
    "obama2": (164, 302, 310),
    "obama3": (646, 302, 310),
    "biden": (439, 233, 310),
    "astronaut": (179, 83, 87),
}
NAMES = tuple(_FACE_SQUARES)


def folder() -> Path:
    """The folder of fetched files: `VOUCH_SPECIMENS`, else `.cache/specimens` of this checkout."""
    return Path(os.environ.get("VOUCH_SPECIMENS") or Path(__file__).parents[2] / ".cache" / "specimens")


@cache
def portrait(name: str) -> Rgb:
    """One photograph by its name in `NAMES`, RGB uint8, read only.

    Raises:
        FileNotFoundError: when the photographs were not fetched; the message says how to.
        KeyError: when there is no such photograph.
    """
    if name not in _FACE_SQUARES:
        raise KeyError(name)
    pixels = np.array(_astronaut() if name == "astronaut" else _unpacked(name), dtype=np.uint8)
    pixels.setflags(write=False)
    return pixels


def crop_35_45(name: str) -> Rgb:
    """The photograph cut as for a passport, 35:45, the face's square a little more than half of the width."""
    left, top, side = _FACE_SQUARES[name]
    width = round(side * 1.75)
    height = round(width * 45 / 35)
    x = max(0, left + side // 2 - width // 2)
    y = max(0, top + side // 2 - round(height * 0.47))
    return portrait(name)[y : y + height, x : x + width]


def fetch() -> Path:
    """Downloads the source distribution unless it is there, and returns where it lies."""
    archive = folder() / _ARCHIVE
    if not archive.exists():
        options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-binary", "face-recognition"]
        wanted = f"face-recognition=={_RELEASE}"
        command = [sys.executable, "-m", "pip", "download", *options, wanted, "-d", str(folder())]
        subprocess.run(command, check=True)
    return archive


def _astronaut() -> Rgb:
    untyped: Callable[[], Rgb] = skimage.data.astronaut
    return untyped()


def _unpacked(name: str) -> Image.Image:
    archive = folder() / _ARCHIVE
    if not archive.exists():
        message = f"{archive} is missing: fetch it with `.venv/bin/python -m tests.specimens.portraits`"
        raise FileNotFoundError(message)
    with tarfile.open(archive) as tar:
        member = tar.extractfile(f"face_recognition-{_RELEASE}/tests/test_images/{name}.jpg")
        if member is None:
            raise FileNotFoundError(f"{name}.jpg is not a file in {archive}")
        return Image.open(io.BytesIO(member.read())).convert("RGB")


if __name__ == "__main__":
    sys.stdout.write(f"{fetch()}\n")
