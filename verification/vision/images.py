"""The bytes of a picture become upright pixels, or a clear refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_PIXELS", "Bgr", "Header", "Unreadable", "decode", "decode_small", "encode_jpeg", "header"]

Bgr = NDArray[np.uint8]

MAX_PIXELS = 50_000_000
# From here on half the size still shows where a page lies: `page` looks at 1,000 px.
_HALVED_FROM_PX = 2_000


class Unreadable(ValueError):
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
    media_type, read_size, is_whole = _kind_of(data)
    width, height = read_size(data)
    if not width * height:
        raise Unreadable("the picture does not say its size: take the picture again")
    if width * height > MAX_PIXELS:
        raise Unreadable(f"{width} x {height} pixels are more than {MAX_PIXELS}: send a smaller picture")
    if not is_whole(data):
        raise Unreadable("the picture's end is missing: send the whole file")
    return Header(media_type, width, height)


def decode(data: bytes) -> Bgr:
    """The picture's pixels, BGR uint8 (height, width, 3), turned upright as its EXIF orientation tells.

    Raises:
        Unreadable: as `header` does, and when the pixels cannot be decoded.
    """
    header(data)
    return _decoded(data, cv2.IMREAD_COLOR)


def decode_small(data: bytes) -> tuple[Bgr, float]:
    """The pixels for a first look: at half the size, in half the time, where the long side has 2,000 px.

    Returns:
        The pixels as `decode` gives them, and by what a place in them is multiplied in the whole picture.

    Raises:
        Unreadable: as `decode` does.
    """
    whole = header(data)
    long_px = max(whole.width_px, whole.height_px)
    small = _decoded(data, cv2.IMREAD_REDUCED_COLOR_2 if long_px >= _HALVED_FROM_PX else cv2.IMREAD_COLOR)
    return small, long_px / max(small.shape[:2])


def _decoded(data: bytes, how: int) -> Bgr:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), how)
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


def _kind_of(data: bytes) -> tuple[str, Callable[[bytes], tuple[int, int]], Callable[[bytes], bool]]:
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", _jpeg_size, _jpeg_is_whole
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", _png_size, _png_is_whole
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp", _webp_size, _webp_is_whole
    raise Unreadable("not a JPEG, PNG or WebP picture: take the picture again")


# OpenCV fills the missing part of a cut file with grey and says nothing, so the end is looked for here.


def _jpeg_size(data: bytes) -> tuple[int, int]:
    # ITU-T T.81, B.2.2: any start of frame but the tables that share its range (DHT, JPG, DAC).
    for marker, place in _jpeg_segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(data[place + 7 : place + 9]), int.from_bytes(data[place + 5 : place + 7])
    return 0, 0


def _jpeg_is_whole(data: bytes) -> bool:
    # Thumbnails within the segments before the first scan have end marks of their own.
    first_scan = next((place for marker, place in _jpeg_segments(data) if marker == 0xDA), len(data))
    return data.find(b"\xff\xd9", first_scan) > 0


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        yield marker, place
        if marker == 0xDA:
            return
        place += 1 if marker == 0xFF else 2 + int.from_bytes(data[place + 2 : place + 4])


def _png_size(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _png_is_whole(data: bytes) -> bool:
    return data.rfind(b"IEND\xae\x42\x60\x82") > 0


def _webp_size(data: bytes) -> tuple[int, int]:
    # RFC 9649, 2.5 to 2.7: extended, lossless and lossy files tell their size in three ways.
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    sides = int.from_bytes(data[26:28], "little"), int.from_bytes(data[28:30], "little")
    return sides[0] & 0x3FFF, sides[1] & 0x3FFF


def _webp_is_whole(data: bytes) -> bool:
    return int.from_bytes(data[4:8], "little") + 8 <= len(data)
