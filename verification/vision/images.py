"""The bytes of a picture become upright pixels, or a clear refusal."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

__all__ = ["MAX_PIXELS", "Bgr", "Header", "Unreadable", "decode", "encode_jpeg", "header"]

Bgr = NDArray[np.uint8]

MAX_PIXELS = 50_000_000
_MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_BAD_HEADER = (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning)
_BAD_BYTES = (OSError, SyntaxError, ValueError, struct.error, EOFError)


class Unreadable(ValueError):  # noqa: N818 - the word that reasons and clients know
    """These bytes are no picture that can be read; the message says what is wrong and names no content."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture says of itself before its pixels are decoded; width and height in pixels as stored."""

    media_type: str
    width_px: int
    height_px: int


def header(data: bytes) -> Header:
    """Reads a picture's kind and size by its content, without decoding its pixels.

    Raises:
        Unreadable: when it is neither JPEG, PNG nor WebP, is not whole, or has more than `MAX_PIXELS` pixels.
    """
    try:
        with Image.open(io.BytesIO(data), formats=tuple(_MEDIA_TYPES)) as picture:
            kind, (width, height) = str(picture.format), picture.size
    except _BAD_HEADER + _BAD_BYTES as error:
        raise Unreadable("not a JPEG, PNG or WebP picture: take the picture again") from error
    if width * height > MAX_PIXELS:
        raise Unreadable(f"{width} x {height} pixels are more than {MAX_PIXELS}: send a smaller picture")
    if not _is_whole(data, kind):
        raise Unreadable("the picture's end is missing: send the whole file")
    return Header(_MEDIA_TYPES.get(kind, "image/jpeg"), width, height)


def decode(data: bytes) -> Bgr:
    """The picture's pixels, BGR uint8 (height, width, 3), turned upright as its EXIF orientation tells.

    Raises:
        Unreadable: as `header` does, and when the pixels cannot be decoded.
    """
    header(data)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise Unreadable("the picture's pixels cannot be decoded: take the picture again") from error
    if pixels is None:
        raise Unreadable("the picture's pixels cannot be decoded: take the picture again")
    return np.asarray(pixels, np.uint8)


def encode_jpeg(bgr: Bgr, quality: int = 90) -> bytes:
    """The picture as a JPEG without any metadata; quality 1..100."""
    done, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of shape {bgr.shape} cannot be written as a JPEG")
    return coded.tobytes()


def _is_whole(data: bytes, kind: str) -> bool:
    # OpenCV fills the missing part of a cut file with grey and says nothing, so the end mark is looked for.
    if kind == "PNG":
        return b"IEND" in data[-64:] or data.rfind(b"IEND\xae\x42\x60\x82") > 0
    if kind == "WEBP":
        return int.from_bytes(data[4:8], "little") + 8 <= len(data)
    return data.find(b"\xff\xd9", _first_scan(data)) > 0


def _first_scan(data: bytes) -> int:
    # Thumbnails within the segments before the first scan have end marks of their own.
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return place
