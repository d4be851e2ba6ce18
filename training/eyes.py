"""Trains the weights that tell a shut eye from an open one: `python -m training.eyes`, two to four minutes.

Clips are rendered from the fetched portraits with seeds of their own; a crop counts as shut where the lid is
down by more than 85 %, as open below 12 % (turned heads are among the open ones), and not at all between.
Prints how well each portrait is told by the others' clips before it writes the weights made of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from tests.specimens.clips import Action, Look, lids, render
from tests.specimens.portraits import portrait
from verification.vision.eyes import WEIGHTS, features
from verification.vision.face_track import follow

__all__ = ["main"]

Floats = NDArray[np.float64]

NAMES = ("obama", "obama3", "biden", "astronaut")  # obama2 looks aside: its painted lids are drawn from brows
CLIPS_A_PORTRAIT = 10
FIRST_SEED = 90_000  # far from the seeds of tests and benchmarks
SHUT, OPEN = 0.85, 0.12
STRENGTH = 0.01  # inverse of the regularisation
ACTIONS = (
    (Action("close_eyes", 300), Action("turn_left", 1_600), Action("close_eyes", 3_200)),
    (Action("turn_right", 300), Action("close_eyes", 1_800), Action("turn_left", 3_000)),
)


@dataclass(frozen=True, slots=True)
class _Crops:
    """Measured crops of one portrait: features (n, 30), and 1 where the eye is shut (n,)."""

    measured: Floats
    shut: NDArray[np.int64]


def _clip(name: str, index: int) -> _Crops:
    rng = np.random.default_rng((FIRST_SEED, index, NAMES.index(name)))
    look = Look(
        ied_px=float(rng.uniform(60, 130)),
        light=float(rng.uniform(0.5, 1.1)),
        blinks=3,
        screen=index % 4 == 3,
    )
    actions, seed = ACTIONS[index % 2], FIRST_SEED + index
    track = follow(render(portrait(name), actions=actions, seed=seed, look=look), with_eyes=True)
    truth = np.interp(track.t_ms, track.frame_ms, lids(actions=actions, seed=seed, look=look))
    sure = track.seen & ((truth > SHUT) | (truth < OPEN))
    measured = [features(track.eyes[track.seen, eye])[sure[track.seen]] for eye in (0, 1)]
    return _Crops(np.vstack(measured).astype(np.float64), np.tile((truth[sure] > SHUT).astype(np.int64), 2))


def _joined(parts: list[_Crops]) -> _Crops:
    return _Crops(np.vstack([p.measured for p in parts]), np.concatenate([p.shut for p in parts]))


def _fit(crops: _Crops) -> tuple[StandardScaler, LogisticRegression]:
    scaler = StandardScaler().fit(crops.measured)
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1_000)
    return scaler, model.fit(scaler.transform(crops.measured), crops.shut)


def _left_out(all_crops: dict[str, _Crops]) -> Iterator[str]:
    for name, own in all_crops.items():
        scaler, model = _fit(_joined([crops for other, crops in all_crops.items() if other != name]))
        says = model.predict(scaler.transform(own.measured))
        found, false = says[own.shut == 1], says[own.shut == 0]
        yield f"{name:<9} shut {found.mean():.3f} of {len(found)}, falsely {false.mean():.3f} of {len(false)}"


def main() -> None:
    """Render, measure, report and write the weights."""
    crops = {name: _joined([_clip(name, index) for index in range(CLIPS_A_PORTRAIT)]) for name in NAMES}
    print("told by the others' clips:", *_left_out(crops), sep="\n")
    scaler, model = _fit(_joined(list(crops.values())))
    WEIGHTS.parent.mkdir(exist_ok=True)
    np.savez(
        WEIGHTS, mean=scaler.mean_, scale=scaler.scale_, slope=model.coef_[0], offset=model.intercept_[0]
    )


if __name__ == "__main__":
    main()
