"""Clips are read by their own time stamps, whatever their container claims."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import cast

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.vision.recorded import clip
from verification.vision.clip import UnreadableClip, facts, frames
from verification.vision.grades import Box


def coded(stamps_ms: list[int], *, container: str = "mp4", codec: str = "libx264") -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=container) as out:
        stream = cast("VideoStream", out.add_stream(codec, rate=30))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for stamp in stamps_ms:
            picture = av.VideoFrame.from_ndarray(quarter_lit(), format="gray")
            picture.pts, picture.time_base = stamp, Fraction(1, 1000)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return target.getvalue()


def quarter_lit() -> NDArray[np.uint8]:
    picture = np.zeros((48, 64), np.uint8)
    picture[:24, :32] = 255
    return picture


@settings(max_examples=10)
@given(st.lists(st.integers(20, 200), min_size=2, max_size=12))
def test_time_stamps_are_the_frames_own_from_the_first(gaps_ms: list[int]) -> None:
    stamps = (370 + np.cumsum(gaps_ms)).tolist()
    read = [frame.t_ms for frame in frames(coded(stamps))]
    assert read == pytest.approx([stamp - stamps[0] for stamp in stamps], abs=1)


def test_a_webm_is_read_by_its_stamps_as_well() -> None:
    read = [frame.t_ms for frame in frames(coded([0, 40, 120], container="webm", codec="libvpx"))]
    assert read == pytest.approx([0, 40, 120], abs=1)


def test_facts_say_size_frames_and_length() -> None:
    said = facts(coded([0, 100, 250]))
    assert (said.width_px, said.height_px, said.frames) == (64, 48, 3)
    assert said.length_ms == pytest.approx(250, abs=1)


@pytest.mark.parametrize("data", [b"", b"no clip at all", b"\x00" * 4_000])
def test_bytes_without_a_picture_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableClip, match="record it again"):
        facts(data)


def test_a_clip_cut_short_gives_what_can_be_read() -> None:
    data = coded([0, 40, 80, 120], container="webm", codec="libvpx")
    assert 1 <= len(list(frames(data[:-40]))) <= 4


def test_reading_stops_at_the_asked_time() -> None:
    assert len(list(frames(coded([0, 100, 200, 300]), until_ms=210))) == 3


def turned_clockwise(data: bytes) -> bytes:
    """Let the track header say what an upright phone writes (its matrix: ISO/IEC 14496-12, section 8.3.2)."""
    start = data.index(b"tkhd") + 4 + 40
    matrix = struct.pack(">5i", 0, 0x10000, 0, -0x10000, 0)
    return data[:start] + matrix + data[start + 20 :]


def test_a_phones_rotation_is_undone() -> None:
    (frame,) = frames(turned_clockwise(coded([0])))
    assert frame.y.shape == (64, 48)
    assert frame.y[:20, 30:].mean() > 200
    assert frame.y[40:, :20].mean() < 60


def test_a_crop_has_the_colours_of_the_picture() -> None:
    frame = next(frames(clip("genuine")))
    assert frame.rgb(Box(-20, -20, 60, 60)).shape == (40, 40, 3)
    cheek = frame.rgb(Box(440, 260, 60, 40)).reshape(-1, 3).mean(axis=0)
    assert cheek[0] > cheek[1] > cheek[2]


def test_a_crop_at_the_far_edge_ends_with_the_picture() -> None:
    frame = next(frames(clip("genuine")))
    assert frame.rgb(Box(950, 530, 60, 60)).shape == (10, 10, 3)
