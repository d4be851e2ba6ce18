"""The bars of the tamper check in one table, with what was measured on either side of each.

All were set on made specimens (two holders; 60 genuine licences at the camera's usual hardness, 20 easy,
20 hard, 20 passports; 30 of each attack), so they are optimistic: the field will need its own.

| bar | genuine, usual (hard) | attack |
| --- | --- | --- |
| ghost distance | 0.31 to 0.51 (0.42 to 0.65) | another portrait: 0.70 to 0.94 |
| halo, share of light lost beside the portrait | up to 0.02 (0.02) | stuck on: 0.21 to 0.26 |
| noise of portrait to card | 0.95 to 1.0 (0.95 to 1.0; easy up to 1.08) | spliced: 0.37 to 0.80 |
| stroke width of a field to the others' median | 0.82 to 1.09 (0.84 to 1.13) | other type: 0.54 to 0.63 |
| background of a field to the others' median | 0.64 to 1.24 (0.46 to 1.37) | erased: 0.31 to 0.55 |
| fine net's height | up to 4 (3; easy up to 6) | screen from 26; halftone from 18 |
| page's chroma | 11 to 12 | printed in colour 4 to 5, grey 3 |
"""

from __future__ import annotations

from typing import Final

from verification.vision.bands import Bands

__all__ = [
    "AXIS_DEGREES",
    "GHOST_MATCH",
    "LEAST_BACKGROUND",
    "LEAST_CHROMA_SHARE",
    "LEAST_NOISE",
    "LEAST_PEAK",
    "LEAST_STROKE",
    "MOST_HALO",
    "STRONG_GHOST",
    "STRONG_HALO",
    "STRONG_NOISE",
]

GHOST_MATCH: Final = Bands(clear=0.58, caution=0.67)
STRONG_GHOST: Final = 0.70
MOST_HALO: Final = 0.09
STRONG_HALO: Final = 0.15
LEAST_NOISE: Final = 0.87
STRONG_NOISE: Final = 0.70
LEAST_STROKE: Final = 0.72
LEAST_BACKGROUND: Final = 0.45
LEAST_PEAK: Final = 10.0
AXIS_DEGREES: Final = 8.0
LEAST_CHROMA_SHARE: Final = 0.6
