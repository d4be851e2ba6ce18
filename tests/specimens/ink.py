"""What a card printer does: guilloche, text, cards' grain and a photograph printed on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tests.specimens.portraits import Rgb

__all__ = ["Line", "blank", "ghost", "grain", "paste", "uint8", "write"]

_FONTS = {
    "sans": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    "bold": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"),
    "serif": Path("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf"),
    "script": Path("/usr/share/fonts/truetype/dejavu/DejaVuSerif-Italic.ttf"),
    "ocr_b": Path("/usr/share/fonts/opentype/ocr-b/OCRB.otf"),
}
Colour = tuple[int, int, int]
_BLACK: Colour = (28, 26, 32)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: left end and baseline in pixels, `pitch_px` where the letters' distance is fixed."""

    text: str
    x: int
    y: int
    size_px: int
    font: Literal["sans", "bold", "serif", "script", "ocr_b"] = "sans"
    colour: Colour = _BLACK
    pitch_px: float = 0.0


def uint8(picture: NDArray[np.generic]) -> Rgb:
    """The picture with its values cut to 0..255."""
    return np.asarray(np.clip(np.asarray(picture), 0, 255), np.uint8)


def blank(size: tuple[int, int], tints: Sequence[Colour], rng: np.random.Generator) -> Rgb:
    """An unprinted card of (width, height): tints from left to right under two sets of fine waves."""
    width, height = size
    ramp = cv2.resize(np.array([tints], dtype=np.uint8), (width, 1), interpolation=cv2.INTER_LINEAR)
    card = np.ascontiguousarray(np.broadcast_to(ramp, (height, width, 3))).astype(np.uint8)
    x = np.arange(0, width + 8, 8, dtype=np.float64)
    for index in range(48):
        phase = rng.uniform(0, 0.4) + index * 0.21
        y = height * (index / 40 - 0.08) + 26 * np.sin(x / 90 + phase) + 14 * np.sin(x / 37 - phase * 2)
        points = np.stack([x, y], axis=1).round().astype(np.int32)
        ink = (214, 138, 176) if index % 2 else (140, 172, 214)
        cv2.polylines(
            card, [points.reshape(-1, 1, 2)], isClosed=False, color=ink, thickness=1, lineType=cv2.LINE_AA
        )
    return card


def write(picture: Rgb, lines: Sequence[Line]) -> Rgb:
    """The picture with the lines printed on it."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    for line in lines:
        font = _font(line.font, line.size_px)
        if line.pitch_px:
            for index, letter in enumerate(line.text):
                draw.text((line.x + index * line.pitch_px, line.y), letter, line.colour, font, anchor="ls")
        else:
            draw.text((line.x, line.y), line.text, line.colour, font, anchor="ls")
    return np.array(image, dtype=np.uint8)


def paste(picture: Rgb, photo: Rgb, box: tuple[int, int, int, int]) -> None:
    """Prints the photo into the box (x, y, width, height) of the picture, in place."""
    x, y, width, height = box
    way = cv2.INTER_AREA if photo.shape[1] > width else cv2.INTER_CUBIC
    picture[y : y + height, x : x + width] = cv2.resize(photo, (width, height), interpolation=way)


def ghost(picture: Rgb, photo: Rgb, box: tuple[int, int, int, int]) -> None:
    """Prints the photo as a second, grey image that lets the card through at 45 %, in place."""
    x, y, width, height = box
    grey = cv2.cvtColor(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    under = picture[y : y + height, x : x + width].astype(np.float32)
    picture[y : y + height, x : x + width] = uint8(0.55 * under + 0.45 * grey[..., None].astype(np.float32))


def grain(picture: Rgb, rng: np.random.Generator, sigma: float = 2.5) -> Rgb:
    """The picture with the fine grain that card printing leaves everywhere, portrait and ground alike."""
    noise = rng.normal(0, sigma, picture.shape[:2]).astype(np.float32)
    return uint8(picture.astype(np.float32) + noise[..., None])


@cache
def _font(name: str, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONTS[name]), size_px)
