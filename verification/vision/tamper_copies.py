"""Is the document itself in the picture, or its image on a screen or on paper?

A screen's pixels and a printer's dots form a fine regular net, which a card's print does not: it stands as
pairs of peaks at right angles in the spectrum. A page shown on a screen lies along the screen's rows;
printers turn the nets of their strong inks by 15, 45 and 75 degrees so that they do not interfere
(ISO 12647-1), and office printers have paler colours than a card, or none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.faces import Picture
from verification.vision.grades import Cue
from verification.vision.tamper_bands import AXIS_DEGREES, LEAST_CHROMA_SHARE, LEAST_PEAK
from verification.vision.tamper_layout import Layout

__all__ = ["Peak", "fine_pattern", "print_cue", "screen_cue"]

_WINDOW_PX = 256
_PLACES = ((540, 20), (560, 680), (820, 690), (1100, 560), (300, 754), (1130, 250))
"""Left top corners of the windows on a page of 1600 x 1010 or more: ground with little text, no portrait."""

_LOWEST, _HIGHEST = 0.15, 0.48
"""Frequencies looked at, in periods a pixel: print of a card lies below, noise of resampling above."""

_FREQUENCIES = np.fft.fftshift(np.fft.fftfreq(_WINDOW_PX))[1:]
_TAPER = np.outer(np.hanning(_WINDOW_PX), np.hanning(_WINDOW_PX)).astype(np.float32)
_ONE_BIN = np.ones((3, 3), np.uint8)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Peak:
    """The strongest fine net of a page.

    `height` is over the mean of like frequencies, `frequency` in periods a pixel, `degrees_off_axis` (0 to
    45) from the page's sides.
    """

    height: float
    frequency: float
    degrees_off_axis: float


def fine_pattern(grey: Picture) -> Peak:
    """Finds the strongest regular net of a rectified page, grey (H, W), of 2 to 7 pixels' period."""
    spectrum = np.mean([_spectrum(grey[y : y + _WINDOW_PX, x : x + _WINDOW_PX]) for x, y in _PLACES], axis=0)
    rings, wanted = _rings()
    means = np.bincount(rings.ravel(), weights=spectrum.ravel()) / np.bincount(rings.ravel())
    height = np.where(wanted, spectrum / means[rings], 0).astype(np.float32)
    # A net has two directions at right angles; the edges of text and guilloche have none to answer them.
    net = np.sqrt(height * np.rot90(cv2.dilate(height, _ONE_BIN)))
    row, column = np.unravel_index(int(np.argmax(net)), net.shape)
    y, x = abs(float(_FREQUENCIES[row])), abs(float(_FREQUENCIES[column]))
    angle = float(np.rad2deg(np.arctan2(min(x, y), max(x, y))))
    return Peak(float(net[row, column]), float(np.hypot(x, y)), angle)


def screen_cue(peak: Peak) -> Cue:
    """Judges whether a screen's pixels show; the score is the net's height over its bar: from 1 suspected."""
    score = peak.height / LEAST_PEAK if peak.degrees_off_axis <= AXIS_DEGREES else 0.0
    if score < 1:
        return Cue("screen", "clear", (), score)
    return Cue("screen", "suspected", ("screen_replay",), score)


def print_cue(page_bgr: Picture, peak: Peak, layout: Layout | None) -> Cue:
    """Judges whether a printer's dots show, or colours too pale for the class.

    The score is the greater of the net's height over its bar, and the bar of the page's colour over the
    colour found: 1 and more is suspected.
    """
    dots = peak.height / LEAST_PEAK if peak.degrees_off_axis > AXIS_DEGREES else 0.0
    score = max(dots, _paleness(page_bgr, layout))
    if score < 1:
        return Cue("print", "clear", (), score)
    return Cue("print", "suspected", ("printed_copy",), score)


def _paleness(page_bgr: Picture, layout: Layout | None) -> float:
    if layout is None or layout.chroma is None:
        return 0.0
    small = cv2.resize(page_bgr, (160, 101), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32)
    chroma = float(np.median(np.hypot(lab[..., 1] - 128, lab[..., 2] - 128)))
    return layout.chroma * LEAST_CHROMA_SHARE / max(chroma, 0.1)


def _spectrum(window: Picture) -> Floats:
    # The first row and column are left out: the rest is symmetric about its middle, so it can be turned.
    grey = window.astype(np.float32)
    fine = (grey - cv2.GaussianBlur(grey, (0, 0), 4)) * _TAPER
    return np.fft.fftshift(np.abs(np.fft.fft2(fine)))[1:, 1:].astype(np.float32)


@cache
def _rings() -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    radius = np.hypot(_FREQUENCIES[:, None], _FREQUENCIES[None])
    return (radius * _WINDOW_PX).astype(np.int64), (radius > _LOWEST) & (radius < _HIGHEST)
