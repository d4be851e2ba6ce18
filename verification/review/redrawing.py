"""Draws a stranger's picture or clip anew as a small JPEG; runs as a process that may die of it.

`python -m verification.review.redrawing picture` reads a file from standard input and writes a JPEG without
any metadata; `… clip 900,1300` writes a sheet of the frames nearest to those moments (ms of the clip's own
time stamps). Ends with 1 when the file cannot be decoded. Memory and time are bounded by the kernel.
"""

from __future__ import annotations

import resource
import signal
import sys
import warnings
from collections.abc import Sequence
from io import BytesIO

import av
from PIL import Image, ImageDraw, ImageOps

from verification.review.redraw import DEADLINE_S

__all__ = ["LONGEST_PX", "redraw_clip", "redraw_picture"]

# A card's page is 1600 px wide: more shows nothing that a step has seen.
LONGEST_PX = 1600
_MOST_PIXELS = 50_000_000
_MEMORY_BYTES = 2 << 30
_TILE_PX = 640
_COLUMNS = 2
_QUALITY = 85


def redraw_picture(data: bytes) -> bytes:
    """Draw a picture upright, at most 1600 px a side, as JPEG.

    Raises:
        ValueError: it has more than 50 million pixels.
        OSError: it cannot be decoded.
    """
    with Image.open(BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError("too many pixels")
        picture.draft("RGB", (LONGEST_PX, LONGEST_PX))
        upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((LONGEST_PX, LONGEST_PX))
    return _jpeg(upright.convert("RGB"))


def redraw_clip(data: bytes, moments_ms: Sequence[int]) -> bytes:
    """Draw the frames of a clip nearest to some moments as one sheet, two a row, each with its time.

    Raises:
        ValueError: it has no frames, or is no clip.
    """
    tiles = [_tile(frame, at_ms) for at_ms, frame in _frames(data, sorted(moments_ms))]
    if not tiles:
        raise ValueError("no frame could be decoded")
    height_px = max(tile.height for tile in tiles)
    columns = min(_COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * _TILE_PX, rows * height_px), "black")
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % columns * _TILE_PX, number // columns * height_px))
    return _jpeg(sheet)


def _frames(data: bytes, moments_ms: Sequence[int]) -> list[tuple[int, Image.Image]]:
    """Take the first frame at or after each moment; the last one stands for moments after the end."""
    wanted, taken = list(moments_ms), list[tuple[int, Image.Image]]()
    with av.open(BytesIO(data), "r") as container:
        first_s, last = None, None
        for frame in container.decode(video=0):
            first_s = frame.time if first_s is None else first_s
            last = (round(((frame.time or 0.0) - (first_s or 0.0)) * 1000), frame)
            if wanted and last[0] >= wanted[0]:
                taken.append((last[0], _upright(frame)))
                wanted = [at_ms for at_ms in wanted if at_ms > last[0]]
            if not wanted:
                break
    if wanted and last is not None:
        taken.append((last[0], _upright(last[1])))
    return taken


def _upright(frame: av.VideoFrame) -> Image.Image:
    """Turn a decoded frame as its container says."""
    picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def _tile(frame: Image.Image, at_ms: int) -> Image.Image:
    tile = ImageOps.contain(frame, (_TILE_PX, _TILE_PX * 2))
    drawing = ImageDraw.Draw(tile)
    drawing.rectangle((0, 0, 96, 34), fill="black")
    drawing.text((10, 5), f"{at_ms / 1000:.2f} s", fill="white", font_size=22)
    return tile


def _jpeg(picture: Image.Image) -> bytes:
    target = BytesIO()
    picture.save(target, "JPEG", quality=_QUALITY)
    return target.getvalue()


def _main(what: str, moments: str = "") -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The kernel's own answer to the alarm is death, also in the middle of a decoder's loop.
    signal.alarm(DEADLINE_S)
    warnings.simplefilter("ignore")
    data = sys.stdin.buffer.read()
    try:
        drawn = redraw_clip(data, [int(m) for m in moments.split(",")]) if moments else redraw_picture(data)
    except (OSError, ValueError, SyntaxError, TypeError, IndexError, EOFError, MemoryError, ArithmeticError):
        return 1
    sys.stdout.buffer.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
