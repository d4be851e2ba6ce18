"""Clips of a portrait that turns its head and shuts its eyes as and when it is asked; and spoilt ones."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tests.specimens.heads import Maps, Pose, Stage, Surface, find_eyes, place, set_stage, shut
from tests.specimens.screen import Planes, Screen, make_screen, refilm

__all__ = ["Action", "Deed", "Look", "empty_room", "lids", "render"]

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Deed = Literal["turn_left", "turn_right", "close_eyes"]

FRAMES_PER_S = 30
REACTION_S = (0.2, 0.9)
TURN_DEGREES = (25.0, 30.0)
SHEET_DEGREES = {"flat": (32.0, 48.0), "bent": (25.0, 40.0)}


@dataclass(frozen=True, slots=True)
class Action:
    """One asked action: what to do, and the moment at which it is asked, ms from the first frame."""

    do: Deed
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a clip is filmed and what is wrong with it; the defaults are a sound clip.

    `reaction_s` is the delay between an asked moment and the action's onset, `degrees` how far a head turns
    (drawn when None), `blinks` spontaneous ones (drawn when None). `frozen_from_ms` repeats one coded frame
    from there on, `loop_ms` repeats the first so many milliseconds for ever, `light` multiplies luma.
    """

    seconds: float = 5.0
    size: tuple[int, int] = (1280, 720)
    ied_px: float | None = None
    surface: Surface = "head"
    screen: bool = False
    grid_contrast: float = 0.2
    frozen_from_ms: int | None = None
    loop_ms: int | None = None
    light: float = 1.0
    reaction_s: tuple[float, float] = REACTION_S
    degrees: float | None = None
    blinks: int | None = None
    one_eye: bool = False
    beside: Pixels | None = None
    webm: bool = False


@dataclass(frozen=True, slots=True)
class _Motion:
    """Per frame: yaw and pitch (radians), how far the lids are down (0 to 1), camera shift (px) and scale."""

    yaw: Floats
    pitch: Floats
    closed: Floats
    shift_px: Floats
    scale: Floats

    def pose(self, index: int) -> Pose:
        """Where head and camera stand in one frame."""
        shift = (float(self.shift_px[index, 0]), float(self.shift_px[index, 1]))
        return Pose(float(self.yaw[index]), float(self.pitch[index]), shift, float(self.scale[index]))


class _Camera:
    """One camera with its own grain: a noise tile read at random places."""

    def __init__(self, rng: np.random.Generator, noise_sd: float, size: tuple[int, int]) -> None:
        self._rng = rng
        self._tile = rng.normal(0, noise_sd, (size[1] + 64, size[0] + 64)).round().astype(np.int16)

    def grain(self, luma: Pixels) -> Pixels:
        """Add noise to a luma plane."""
        x, y = self._rng.integers(0, 64, 2)
        tile = self._tile[y : y + luma.shape[0], x : x + luma.shape[1]]
        return np.asarray(cv2.add(luma, tile, dtype=cv2.CV_8U), np.uint8)


def render(portrait: Pixels, *, actions: tuple[Action, ...], seed: int, look: Look | None = None) -> bytes:
    """Film the portrait's head doing the actions.

    Everything drawn (reaction times, path of the head, blinks, camera shake, noise, coding) follows from
    `seed`; the same arguments give the same clip.

    Args:
        portrait: RGB (h, w, 3) picture of one near-frontal face.
        actions: What was asked, in order of time; what is not to be done is left out.
        seed: Any non-negative number.
        look: How it is filmed; a sound clip when not given.

    Returns:
        MP4 with H.264 (WebM with VP8 if the look says so).

    Raises:
        ValueError: No face was found on the portrait.
    """
    look = look or Look()
    rng = np.random.default_rng(seed)
    stage = _stage(portrait, look, rng)
    motion = _motion(actions, look, _motion_rng(seed))
    frames = _refilmed(_film(stage, motion, look, rng), look, rng)
    return _encode(_cut(frames, look), look, crf=int(rng.integers(22, 31)))


def lids(*, actions: tuple[Action, ...], seed: int, look: Look) -> Floats:
    """Say how far the lids are down in each frame of the clip `render` makes of the same: 0 to 1, (n,)."""
    return _motion(actions, look, _motion_rng(seed)).closed


def _motion_rng(seed: int) -> np.random.Generator:
    return np.random.default_rng((seed, 1))


def empty_room(*, seed: int, seconds: float = 5.0, size: tuple[int, int] = (1280, 720)) -> bytes:
    """Film a soft, empty background with a little noise: no face anywhere."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(60, 180, (9, 16, 3)).astype(np.float32)
    picture = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC).clip(0, 255), np.uint8)
    camera, planes = _Camera(rng, 3.0, size), _planes(picture)
    count = round(seconds * FRAMES_PER_S)
    frames = ((camera.grain(planes[0]), planes[1], planes[2]) for _ in range(count))
    return _encode(frames, Look(size=size), crf=26)


def _stage(portrait: Pixels, look: Look, rng: np.random.Generator) -> Stage:
    ied_px = look.ied_px or float(rng.uniform(85, 130)) * look.size[0] / 1280
    stage = set_stage(portrait, ied_px=ied_px, size=look.size)
    return stage if look.beside is None else _with_neighbour(stage, look.beside)


def _with_neighbour(stage: Stage, portrait: Pixels) -> Stage:
    """Put a second head at the left of the picture."""
    height, width = stage.image.shape[:2]
    other = set_stage(portrait, ied_px=stage.ied_px, size=(width, height)).image
    half, third = width // 6, width // 3
    image = stage.image.copy()
    image[:, :third] = other[:, width // 2 - half : width // 2 - half + third]
    return replace(stage, image=image)


def _motion(actions: tuple[Action, ...], look: Look, rng: np.random.Generator) -> _Motion:
    count = max(1, round(look.seconds * FRAMES_PER_S))
    time_s = np.asarray(np.arange(count) / FRAMES_PER_S, np.float32)
    yaw, pitch = (_sway(rng, count, np.radians(rng.uniform(0.5, 2.0))) for _ in range(2))
    closed = np.zeros(count, np.float32)
    free_from_s = 0.0
    for action in actions:
        onset_s = max(action.at_ms / 1000 + float(rng.uniform(*look.reaction_s)), free_from_s)
        if action.do == "close_eyes":
            closed = np.maximum(closed, _closure(time_s, onset_s, float(rng.uniform(0.4, 0.7)), rng))
            free_from_s = onset_s + 0.7
        else:
            turn, free_from_s = _turn(time_s, onset_s, rng)
            yaw = yaw + turn * _turn_radians(action.do, look, rng)
    closed = np.maximum(closed, _spontaneous(time_s, look, rng))
    shake = np.stack([_sway(rng, count, rng.uniform(0.5, 3)) for _ in range(2)], axis=1)
    return _Motion(yaw, pitch * 0.5, closed, shake, 1 + _sway(rng, count, 0.002))


def _sway(rng: np.random.Generator, count: int, sd: float) -> Floats:
    """A slow random path that starts anywhere, with the given standard deviation."""
    steps = rng.normal(0, 1, count + 90).astype(np.float32)
    path = cv2.GaussianBlur(steps[:, None], (1, 91), 12)[45 : 45 + count, 0]
    return np.asarray((path - path.mean()) / max(float(path.std()), 1e-6) * sd, np.float32)


def _ease(time_s: Floats, start_s: float, length_s: float) -> Floats:
    """Raised cosine from 0 to 1."""
    share = np.clip((time_s - start_s) / length_s, 0, 1)
    return np.asarray((1 - np.cos(np.pi * share)) / 2, np.float32)


def _turn(time_s: Floats, onset_s: float, rng: np.random.Generator) -> tuple[Floats, float]:
    rise, hold, back = rng.uniform(0.35, 0.6), rng.uniform(0.2, 0.5), rng.uniform(0.35, 0.6)
    path = _ease(time_s, onset_s, rise) - _ease(time_s, onset_s + rise + hold, back)
    return path, onset_s + rise + min(hold, 0.3)


def _turn_radians(do: Deed, look: Look, rng: np.random.Generator) -> float:
    drawn = float(rng.uniform(*SHEET_DEGREES.get(look.surface, TURN_DEGREES)))
    degrees = look.degrees if look.degrees is not None else drawn
    return float(np.radians(degrees)) * (1 if do == "turn_left" else -1)


def _closure(time_s: Floats, onset_s: float, hold_s: float, rng: np.random.Generator) -> Floats:
    down, up = rng.integers(3, 6) / FRAMES_PER_S, rng.integers(4, 7) / FRAMES_PER_S
    return _ease(time_s, onset_s, down) - _ease(time_s, onset_s + down + hold_s, up)


def _spontaneous(time_s: Floats, look: Look, rng: np.random.Generator) -> Floats:
    closed = np.zeros(len(time_s), np.float32)
    for _ in range(look.blinks if look.blinks is not None else int(rng.integers(0, 2))):
        onset_s = float(rng.uniform(0, max(look.seconds - 0.5, 0.1)))
        closed = np.maximum(closed, _closure(time_s, onset_s, rng.integers(1, 4) / FRAMES_PER_S, rng))
    return closed


def _planes(picture: Pixels) -> Planes:
    """RGB to Y and half-size U and V (BT.601, limited range)."""
    height, width = picture.shape[:2]
    flat = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8).reshape(-1)
    y, rest = flat[: height * width].reshape(height, width), flat[height * width :]
    u, v = rest.reshape(2, height // 2, width // 2)
    return y, u, v


def _film(stage: Stage, motion: _Motion, look: Look, rng: np.random.Generator) -> Iterator[Planes]:
    planes = _planes(stage.image)
    eyes = find_eyes(planes[0], stage.points)
    camera = _Camera(rng, float(rng.uniform(1.5, 5.0)), look.size)
    gain = (1 + _sway(rng, len(motion.yaw), 0.01)) * look.light
    for index, closed in enumerate(motion.closed):
        shown = planes
        if closed > 0.01:
            shown = (planes[0].copy(), planes[1].copy(), planes[2].copy())
            for eye in eyes[:1] if look.one_eye else eyes:
                for plane, zoom in zip(shown, (1.0, 0.5, 0.5), strict=True):
                    shut(plane, eye, float(closed), zoom=zoom)
        y, u, v = _warp(shown, *place(stage, motion.pose(index), look.surface))
        lit = np.asarray(cv2.convertScaleAbs(y, alpha=float(gain[index])), np.uint8)
        yield camera.grain(lit), u, v


def _warp(planes: Planes, where: Maps, half: Maps) -> Planes:
    y, u, v = (
        cv2.remap(plane, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        for plane, at in zip(planes, (where, half, half), strict=True)
    )
    return np.asarray(y, np.uint8), np.asarray(u, np.uint8), np.asarray(v, np.uint8)


def _refilmed(frames: Iterator[Planes], look: Look, rng: np.random.Generator) -> Iterator[Planes]:
    if not look.screen:
        yield from frames
        return
    screen: Screen = make_screen(rng, look.size, contrast=look.grid_contrast)
    camera = _Camera(rng, float(rng.uniform(1.0, 3.0)), look.size)
    count = max(1, round(look.seconds * FRAMES_PER_S))
    shake = np.stack([_sway(rng, count, 2.0) for _ in range(2)], axis=1)
    for planes, (dx, dy) in zip(frames, shake, strict=True):
        y, u, v = refilm(planes, screen, (float(dx), float(dy)))
        yield camera.grain(y), u, v


def _cut(frames: Iterable[Planes], look: Look) -> Iterator[Planes]:
    """Freeze or loop a clip; both repeat pictures exactly, as an edited file would."""
    limit_ms = look.frozen_from_ms if look.frozen_from_ms is not None else look.loop_ms
    if limit_ms is None:
        yield from frames
        return
    total = round(look.seconds * FRAMES_PER_S)
    kept = [planes for planes, _ in zip(frames, range(round(limit_ms * FRAMES_PER_S / 1000)), strict=False)]
    yield from kept
    for index in range(total - len(kept)):
        yield kept[index % len(kept)] if look.loop_ms is not None else kept[-1]


def _encode(frames: Iterable[Planes], look: Look, *, crf: int) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="webm" if look.webm else "mp4") as container:
        options = (
            {"deadline": "realtime", "cpu-used": "8", "crf": "30", "b": "1M"}
            if look.webm
            else {"preset": "ultrafast", "crf": str(crf)}
        )
        stream = container.add_stream(
            "libvpx" if look.webm else "libx264", rate=FRAMES_PER_S, options=options
        )
        stream.width, stream.height = look.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for index, planes in enumerate(frames):
            flat = np.concatenate([plane.reshape(-1, look.size[0]) for plane in planes])
            frame = av.VideoFrame.from_ndarray(flat, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FRAMES_PER_S)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()
