"""Makes small pictures and clips, good and bad."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import cast

import av
import numpy as np
from PIL import Image

__all__ = ["clip", "picture", "png_bomb"]


def picture(
    path: Path, *, kind: str = "JPEG", size: tuple[int, int] = (64, 48), orientation: int = 1
) -> Path:
    """Write a picture of noise; the same arguments and name give the same bytes."""
    noise = np.random.default_rng(len(path.name)).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(noise).save(path, kind, exif=exif)
    return path


def png_bomb(path: Path, side_px: int = 30_000) -> Path:
    """Write a PNG of a few bytes that promises a picture of 900 million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def clip(
    path: Path, *, seconds: float = 5.2, fps: int = 10, size: tuple[int, int] = (64, 48), kind: str = "mp4"
) -> Path:
    """Write a clip of grey pictures: MP4 and MOV with MPEG-4, WebM with VP8, its duration left out."""
    codec = "libvpx" if kind == "webm" else "mpeg4"
    written = BytesIO()
    with av.open(written, "w", format=kind) as container:
        stream = cast("av.VideoStream", container.add_stream(codec, rate=fps))
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
        for number in range(max(1, round(seconds * fps))):
            grey = np.full((size[1], size[0], 3), number % 250, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    path.write_bytes(written.getvalue())
    return path
