"""How alike two faces must be: the bands of the face match, in one table, and the match itself.

Set on `faces.csv` of the evaluation data (dlib ResNet, 5 points; 305 same and 179 different pairs, and the
29,264 pairs that all its pictures of different people make):

| up to | same person | all different pairs | why |
| --- | --- | --- | --- |
| 0.45 | 67 % | 0 (nearest 0.553) | look-alikes (same sex, age, ethnicity) are known at 0.46 |
| 0.55 | 95 % | 0 | |
| 0.60 | 98 % | 0.13 % | a person years apart reaches 0.61 to 0.67 |

The middle band goes to a person, as beyond it does; ending it at 0.60 and not at 0.55 spares 3 of 100 genuine
pairs a suspicion and costs none a false approval.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from statistics import median

from verification.vision.faces import Embedding, distance_l2
from verification.vision.grades import Cue, Status

__all__ = ["FACE_MATCH", "Bands", "face_match", "grade_distance"]

_NEAR = 0.05
"""A first distance this near to the end of a band is settled by two more frames."""


@dataclass(frozen=True, slots=True)
class Bands:
    """The upper ends of `clear` and `caution`, in embedding distance; beyond the second it is `suspected`."""

    clear: float
    caution: float


FACE_MATCH = Bands(clear=0.45, caution=0.60)


def grade_distance(distance: float, bands: Bands = FACE_MATCH) -> Status:
    """Grades an embedding distance: `clear`, `caution` or `suspected`."""
    if distance <= bands.clear:
        return "clear"
    return "caution" if distance <= bands.caution else "suspected"


def face_match(document: Embedding, video: Iterable[Embedding]) -> Cue:
    """Compares the document's face with frames of the video, the best frame first.

    `video` may be a generator: its second and third embedding are asked for only when the first distance lies
    near the end of a band; the median of the distances counts then. The cue's score is that distance.
    """
    frames = iter(video)
    distances = [distance_l2(document, frame) for frame in islice(frames, 1)]
    if not distances:
        return Cue("face_match", "unavailable", ("no_face",))
    if _near_an_end(distances[0]):
        distances += [distance_l2(document, frame) for frame in islice(frames, 2)]
    distance = median(distances)
    status = grade_distance(distance)
    return Cue("face_match", status, () if status == "clear" else ("face_mismatch",), distance)


def _near_an_end(distance: float) -> bool:
    return any(abs(distance - end) <= _NEAR for end in (FACE_MATCH.clear, FACE_MATCH.caution))
