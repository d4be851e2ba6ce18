"""Trains the reader of machine readable zones on renders of OCR-B: `python -m training.mrz`, about 90 CPU-s.

Source of the letters: Debian's `fonts-ocr-b` (Norbert Schwarz's OCR-B, free to use and change). What other
printers and cameras do to them is simulated: ink spread, other cuts of the face (narrower, slanted, bent),
blur, uneven light, noise. Everything is seeded; the held-out lines are drawn by another seed from the same
faces and spoilt as hard as the training lines: harder than a page that passes the quality check.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from verification.vision.mrz_net import CELL_HEIGHT_PX, CELL_WIDTH_PX, CHARACTERS, CLASS_COUNT, CellNet
from verification.vision.mrz_strip import MARGIN_CELLS, SLACK_PX, ink

__all__ = ["Samples", "accuracy", "main", "sample_lines", "train"]

_FONT_FOLDER = Path("/usr/share/fonts/opentype/ocr-b")
_FONTS = (
    *("OCRB.otf", "OCRB.otf", "OCRBS.otf", "OCRBL.otf"),
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
)
_TARGET = Path(__file__).parent.parent / "verification" / "vision" / "weights" / "mrz.npz"
_CELLS_A_LINE = 30
_OVER = 3  # lines are drawn at three times the reader's scale
_OFF = CLASS_COUNT - 1
_TRAINING_LINES, _HELD_OUT_LINES = 4400, 400
_HIDDEN = 160


@dataclass(frozen=True, slots=True)
class Samples:
    """Cells of ink (N, 24, 16) float32 in 0..1; classes (N,): positions in `CHARACTERS`, 37 for between."""

    cells: NDArray[np.float32]
    classes: NDArray[np.int64]


def sample_lines(count: int, *, seed: int) -> Samples:
    """Draw so many random lines of 30 characters and cut their cells, and windows between them."""
    rng = np.random.default_rng(seed)
    parts = [_line_samples(rng) for _ in range(count)]
    cells = np.concatenate([part.cells for part in parts])
    return Samples(cells, np.concatenate([part.classes for part in parts]))


def train(samples: Samples, *, seed: int) -> CellNet:
    """Fit the network by Adam; the same seed gives the same weights on the same machine."""
    model = MLPClassifier(
        (_HIDDEN,), batch_size=512, learning_rate_init=2e-3, max_iter=7, random_state=seed, alpha=2e-2
    )
    for rate in (2e-3, 6e-4, 2e-4):
        model.set_params(learning_rate_init=rate, warm_start=True)
        _fit_quietly(model, samples)
    (hidden, output), (hidden_bias, output_bias) = model.coefs_, model.intercepts_
    stored = (hidden, hidden_bias, output, output_bias)
    return CellNet(*(np.asarray(part, np.float16).astype(np.float32) for part in stored))


def accuracy(net: CellNet, samples: Samples) -> tuple[float, float]:
    """Give the shares of characters, and of windows between characters, that the net names rightly."""
    named = net.log_probabilities(samples.cells).argmax(axis=1) == samples.classes
    between = samples.classes == _OFF
    return float(named[~between].mean()), float(named[between].mean())


def main() -> None:
    """Train, write the weights as float16 and print the held-out accuracy."""
    net = train(sample_lines(_TRAINING_LINES, seed=1), seed=1)
    parts = (net.hidden, net.hidden_bias, net.output, net.output_bias)
    w1, b1, w2, b2 = (part.astype(np.float16) for part in parts)
    _TARGET.parent.mkdir(exist_ok=True)
    np.savez_compressed(_TARGET, w1=w1, b1=b1, w2=w2, b2=b2)
    held_out = sample_lines(_HELD_OUT_LINES, seed=2)
    characters, between = accuracy(net, held_out)
    print(f"held out: n={len(held_out.classes)} characters {characters:.4f} between {between:.4f}")
    print(f"{_TARGET.name}: {_TARGET.stat().st_size} bytes")


def _line_samples(rng: np.random.Generator) -> Samples:
    # Fillers make a third of a real zone's positions; a class of its own weight would drown in the letters.
    text = rng.choice(len(CHARACTERS), _CELLS_A_LINE, p=_frequencies())
    strip = ink(_spoilt(_drawn(text, rng), rng))
    at = (MARGIN_CELLS + np.arange(_CELLS_A_LINE)) * CELL_WIDTH_PX
    down = rng.integers(-2, 3, _CELLS_A_LINE) + SLACK_PX
    right = at + rng.integers(-1, 2, _CELLS_A_LINE)
    chosen = rng.permutation(_CELLS_A_LINE)[:8]
    aside = at[chosen] + rng.choice((-1, 1), 8) * rng.integers(5, 9, 8)
    ground = np.array([0, (MARGIN_CELLS + _CELLS_A_LINE) * CELL_WIDTH_PX + rng.integers(4, 14)])
    places = np.concatenate([right, aside, ground])
    rows = np.concatenate([down, rng.integers(0, 2 * SLACK_PX + 1, 10)])
    cells = [strip[y : y + CELL_HEIGHT_PX, x : x + CELL_WIDTH_PX] for x, y in zip(places, rows, strict=True)]
    return Samples(np.stack(cells), np.concatenate([text, np.full(10, _OFF)]))


def _frequencies() -> NDArray[np.float64]:
    weights = np.ones(len(CHARACTERS))
    weights[-1] = 5
    return np.asarray(weights / weights.sum(), np.float64)


def _drawn(text: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a line at three times the reader's scale, black on white, with ink spread and another cut."""
    pitch = CELL_WIDTH_PX * _OVER
    size = (pitch * (_CELLS_A_LINE + 2 * MARGIN_CELLS), (CELL_HEIGHT_PX + 2 * SLACK_PX) * _OVER)
    font_px = float(pitch / 0.723 * rng.uniform(0.85, 1.28))
    font = _font(str(rng.choice(_FONTS, p=(0.3, 0.25, 0.25, 0.1, 0.1))), round(font_px))
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    baseline = size[1] / 2 + 0.355 * font_px
    for index, letter in enumerate(text):
        centre = (index + MARGIN_CELLS + 0.5) * pitch + rng.normal(0, 0.02) * pitch
        draw.text((centre, baseline), CHARACTERS[letter], 0, font, anchor="ms")
    return _recut(np.array(image, np.uint8), rng)


def _recut(line: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Thicken or thin the ink, slant it a little and bend it as another cut of the face would."""
    radius = int(rng.integers(-1, 3))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(radius) + 1,) * 2)
    line = np.asarray((cv2.erode if radius > 0 else cv2.dilate)(line, kernel), np.uint8)
    height, width = line.shape
    slant, tallness = rng.normal(0, 0.05), rng.uniform(0.78, 1.12)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y = (y - np.float32(height / 2)) / np.float32(tallness) + np.float32(height / 2)
    waves = cv2.resize(rng.normal(0, 0.8, (2, 5, 60)).astype(np.float32).transpose(1, 2, 0), (width, height))
    map_x = x + np.float32(slant) * (y - height / 2) + waves[..., 0]
    return np.asarray(cv2.remap(line, map_x, y + waves[..., 1], cv2.INTER_LINEAR, borderValue=255), np.uint8)


def _spoilt(line: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Photograph the line: contrast, patterned ground, uneven light, blur, scale, noise."""
    height, width = line.shape
    contrast = rng.uniform(0.3, 1.0)
    ground = cv2.resize(rng.normal(0, 1, (12, 120)).astype(np.float32), (width, height))
    light = cv2.resize(rng.uniform(0.75, 1.0, (2, 4)).astype(np.float32), (width, height))
    picture = (255 - (255 - line.astype(np.float32)) * contrast + ground * rng.uniform(0, 12)) * light
    blurred = cv2.GaussianBlur(picture, (0, 0), _OVER * (0.25 + 1.5 * rng.random() ** 1.5))
    coarse = rng.uniform(0.5, 1.0) / _OVER if rng.random() < 0.5 else 1 / _OVER
    small = cv2.resize(blurred, None, fx=coarse, fy=coarse, interpolation=cv2.INTER_AREA)
    small = small + rng.normal(0, rng.uniform(0, 10), small.shape)
    small = cv2.resize(small, (width // _OVER, height // _OVER), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(small, 0, 255), np.uint8)


@cache
def _font(name: str, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT_FOLDER / name), size_px)


def _fit_quietly(model: MLPClassifier, samples: Samples) -> None:
    """Fit for the set number of rounds; that they end before convergence is the plan, not news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(samples.cells.reshape(len(samples.cells), -1), samples.classes)


if __name__ == "__main__":
    main()
