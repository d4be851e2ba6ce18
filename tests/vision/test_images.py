"""Whatever bytes come, they become upright pixels or a refusal that says why."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from verification.vision.images import (
    MAX_PIXELS,
    Header,
    Unreadable,
    decode,
    decode_small,
    encode_jpeg,
    header,
)

Format = Literal["JPEG", "PNG", "WEBP"]
FORMATS: tuple[Format, ...] = ("JPEG", "PNG", "WEBP")
REAL = Path(os.environ.get("VOUCH_REAL_DATA") or Path(__file__).parents[3] / "shared" / "data")


def _file(kind: Format, size: tuple[int, int] = (64, 48), orientation: int = 1) -> bytes:
    picture = Image.new("RGB", size, (10, 20, 30))
    picture.paste((250, 240, 60), (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    file = io.BytesIO()
    picture.save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_every_allowed_format_is_known_by_its_content(kind: Format) -> None:
    assert header(_file(kind)) == Header(f"image/{kind.lower()}", 64, 48)
    assert decode(_file(kind)).shape == (48, 64, 3)


def test_decoded_pixels_are_in_blue_green_red_order() -> None:
    blue, green, red = decode(_file("PNG"))[40, 60].tolist()
    assert (blue, green, red) == (30, 20, 10)


@pytest.mark.parametrize(("orientation", "bright"), [(1, (4, 4)), (3, (44, 60)), (6, (4, 44)), (8, (60, 4))])
def test_a_picture_ends_upright_as_its_orientation_tells(orientation: int, bright: tuple[int, int]) -> None:
    pixels = decode(_file("JPEG", orientation=orientation))
    assert pixels[bright].max() > 200
    assert (pixels.shape[0] > pixels.shape[1]) is (orientation in {6, 8})


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_whose_end_is_missing_is_refused(kind: Format) -> None:
    whole = _file(kind, (400, 300))
    with pytest.raises(Unreadable):
        decode(whole[: len(whole) - 40])


def test_text_that_calls_itself_a_picture_is_refused() -> None:
    with pytest.raises(Unreadable, match="not a JPEG, PNG or WebP"):
        decode(b"hello, I am face.jpg")


def test_no_bytes_at_all_are_refused() -> None:
    with pytest.raises(Unreadable):
        decode(b"")


def test_a_format_that_is_not_allowed_is_refused() -> None:
    file = io.BytesIO()
    Image.new("RGB", (20, 20)).save(file, "GIF")
    with pytest.raises(Unreadable):
        decode(file.getvalue())


def test_a_bomb_of_many_pixels_is_refused_before_it_is_decoded() -> None:
    side = 100_000
    bomb = _file("PNG")
    bomb = bomb[:16] + side.to_bytes(4, "big") * 2 + bomb[24:]
    assert side * side > MAX_PIXELS
    with pytest.raises(Unreadable):
        decode(bomb)


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_and_never_crash(data: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(data)


@given(st.integers(0, 600), st.integers(0, 255))
def test_one_wrong_byte_is_read_or_refused_and_never_crashes(place: int, value: int) -> None:
    data = bytearray(_file("JPEG"))
    data[place % len(data)] = value
    with suppress(Unreadable):
        assert decode(bytes(data)).ndim == 3


def test_an_encoded_jpeg_reads_back_nearly_alike() -> None:
    pixels = np.full((40, 60, 3), (90, 120, 200), np.uint8)
    again = decode(encode_jpeg(pixels, 95))
    assert int(np.abs(again.astype(int) - pixels.astype(int)).max()) < 6


@pytest.mark.parametrize(
    ("size", "small", "factor"), [((2000, 1500), (750, 1000), 2.0), ((640, 480), (480, 640), 1.0)]
)
def test_a_first_look_is_at_half_the_size_where_that_is_enough(
    size: tuple[int, int], small: tuple[int, int], factor: float
) -> None:
    pixels, times = decode_small(_file("JPEG", size))

    assert (pixels.shape[:2], times) == (small, factor)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_first_look_refuses_what_a_whole_one_refuses(kind: Format) -> None:
    whole = _file(kind, (400, 300))
    with pytest.raises(Unreadable):
        decode_small(whole[: len(whole) - 40])


@pytest.mark.real_data
@pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL} is not there")
def test_real_orientation_samples_end_upright_in_size() -> None:
    for path in sorted((REAL / "orientation").glob("*.jpg"))[:8]:
        data = path.read_bytes()
        stored, pixels = header(data), decode(data)
        assert sorted(pixels.shape[:2]) == sorted((stored.height_px, stored.width_px))
