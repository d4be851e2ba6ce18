"""Reads an accepted clip: its facts, and its frames one by one with their own time stamps.

One decoder thread, luma as it lies. Time stamps are the frames' own, counted from the first: nothing here
trusts a container's frame rate, frame count or duration (browsers' WebM has none).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import av
import cv2
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from verification.vision.grades import Box

__all__ = ["ClipFacts", "Frame", "UnreadableClip", "facts", "frames"]

Pixels = NDArray[np.uint8]

LONGEST_MS = 15_500
MOST_FRAMES = 2_000
PLANAR = ("yuv420p", "yuvj420p")


class UnreadableClip(ValueError):
    """No picture could be decoded from the bytes; the applicant should record again."""


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What a clip's packets say: size as shown (after rotation), pixels; frames; first to last stamp, ms."""

    width_px: int
    height_px: int
    frames: int
    length_ms: float


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture: time since the first, luma (h, w) and half-size chroma planes, uint8, upright.

    The planes are views of the decoder's memory: copy what is kept.
    """

    t_ms: float
    y: Pixels
    u: Pixels
    v: Pixels

    def rgb(self, box: Box) -> Pixels:
        """Cut out a box, clipped to the picture and to even pixels, as RGB (h, w, 3) uint8."""
        top, left = max(0, box.y) // 2, max(0, box.x) // 2
        bottom, right = (box.y + box.height) // 2, (box.x + box.width) // 2
        luma = np.ascontiguousarray(self.y[2 * top : 2 * bottom, 2 * left : 2 * right])
        height, width = luma.shape[0] // 2, luma.shape[1] // 2
        chroma = [plane[top : top + height, left : left + width] for plane in (self.u, self.v)]
        both = np.ascontiguousarray(np.dstack(chroma))
        even = np.ascontiguousarray(luma[: 2 * height, : 2 * width])
        return np.asarray(cv2.cvtColorTwoPlane(even, both, cv2.COLOR_YUV2RGB_NV12), np.uint8)


def frames(data: bytes, *, until_ms: float = LONGEST_MS) -> Iterator[Frame]:
    """Decode a clip in order of time, up to `until_ms`; a fault in its later part ends it there.

    Raises:
        UnreadableClip: There is not one picture in it.
    """
    first_ms: float | None = None
    for count, picture in enumerate(_pictures(data)):
        t_ms = (picture.time or 0.0) * 1_000
        first_ms = t_ms if first_ms is None else first_ms
        if t_ms - first_ms > until_ms or count >= MOST_FRAMES:
            return
        yield _frame(picture, t_ms - first_ms)
    if first_ms is None:
        raise UnreadableClip("no picture could be decoded from the clip: record it again")


def _pictures(data: bytes) -> Iterator[av.VideoFrame]:
    try:
        with av.open(io.BytesIO(data), "r") as container:
            if not container.streams.video:
                return
            container.streams.video[0].thread_count = 1
            yield from container.decode(video=0)
    except (av.FFmpegError, EOFError):
        return


def _frame(picture: av.VideoFrame, t_ms: float) -> Frame:
    planar = picture if picture.format.name in PLANAR else picture.reformat(format="yuv420p")
    quarter_turns = round(picture.rotation / 90) % 4
    y, u, v = (_plane(planar, index, quarter_turns) for index in range(3))
    return Frame(t_ms, y, u, v)


def _plane(picture: av.VideoFrame, index: int, quarter_turns: int) -> Pixels:
    plane = picture.planes[index]
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    pixels = lines[: plane.height, : plane.width]
    return np.rot90(pixels, quarter_turns) if quarter_turns else pixels


def facts(data: bytes) -> ClipFacts:
    """Read a clip's size and length from its packets and its first picture.

    Raises:
        UnreadableClip: The container cannot be read, or there is not one picture in it.
    """
    first = next(frames(data), None)
    if first is None:
        raise UnreadableClip("no picture could be decoded from the clip: record it again")
    with av.open(io.BytesIO(data), "r") as container:
        stamps = _stamps_ms(container)
    return ClipFacts(first.y.shape[1], first.y.shape[0], len(stamps), max(stamps) - min(stamps))


def _stamps_ms(container: InputContainer) -> list[float]:
    stream = container.streams.video[0]
    unit_ms = float(stream.time_base or 0) * 1000
    try:
        return [packet.pts * unit_ms for packet in container.demux(stream) if packet.pts is not None] or [0.0]
    except (av.FFmpegError, EOFError):
        return [0.0]
