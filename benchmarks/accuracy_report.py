"""What an accuracy run reports: figures, each with its n and 95 % interval, as a table and one JSON line.

For authors of another kind: write `benchmarks/accuracy_KIND.py` with `def run(manifest: Path) -> Figures`,
read the rows with `read_manifest`, build figures with `share`, `median` and `count` here (or
`accuracy_scores` for two-class scores), and enter the kind in the table of
`benchmarks/accuracy.py` if it is not there yet.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median as middle

__all__ = [
    "Figure",
    "Figures",
    "ManifestError",
    "count",
    "median",
    "read_manifest",
    "render",
    "share",
    "wilson",
]

LEAST_N = 30
"""With fewer trials a share's interval may be wider than +-0.17, which tells little: the figure says so."""

_Z_95 = 1.959963984540054


class ManifestError(ValueError):
    """The manifest cannot be used; its message names the file and what to change."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    `low` and `high` are the bounds of the 95 % interval (None where a plain count has none), `n` the number
    of trials behind it, `note` a remark for the reader, above all that n is too small.
    """

    name: str
    value: float | None
    unit: str
    n: int
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one kind on one manifest."""

    kind: str
    rows: tuple[Figure, ...]


def read_manifest(manifest: Path, *, columns: Sequence[str]) -> list[dict[str, str]]:
    """Reads the rows of a UTF-8 CSV with header; unknown columns stay in the rows and are ignored.

    Raises:
        ManifestError: The file is missing, or a named column is not in its header.
    """
    try:
        with manifest.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            header = tuple(reader.fieldnames or ())
            rows = [{name: value or "" for name, value in row.items() if name} for row in reader]
    except OSError as error:
        raise ManifestError(
            f"{manifest}: cannot be read ({error.strerror}); give --manifest a CSV file"
        ) from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise ManifestError(f"{manifest}: the header lacks {', '.join(missing)}; it has {', '.join(header)}")
    return rows


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Computes the 95 % score interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22, 209).

    Raises:
        ValueError: n is not positive, or hits lie outside 0..n.
    """
    if n <= 0 or not 0 <= hits <= n:
        raise ValueError(f"an interval needs 0 <= hits <= n and n > 0, got {hits} of {n}")
    rate = hits / n
    scale = 1 + _Z_95**2 / n
    centre = (rate + _Z_95**2 / (2 * n)) / scale
    half = _Z_95 * math.sqrt(rate * (1 - rate) / n + _Z_95**2 / (4 * n**2)) / scale
    return (centre - half if hits else 0.0, centre + half if hits < n else 1.0)


def share(name: str, hits: int, n: int, *, least_n: int = LEAST_N) -> Figure:
    """Makes the figure of a share of trials with its Wilson interval; says so when n is below `least_n`."""
    if n == 0:
        return Figure(name, None, "share", 0, note="nothing to measure")
    low, high = wilson(hits, n)
    note = "" if n >= least_n else f"n too small (needs {least_n})"
    return Figure(name, hits / n, "share", n, low, high, note)


def median(name: str, values: Sequence[float], *, unit: str) -> Figure:
    """Makes the figure of a median with its distribution-free interval.

    The bounds are the order statistics n/2 -+ 0.98 sqrt(n) (binomial approximation: Conover, Practical
    Nonparametric Statistics, 3rd ed., section 3.2).
    """
    if not values:
        return Figure(name, None, unit, 0, note="nothing to measure")
    ordered, n = sorted(values), len(values)
    reach = _Z_95 * math.sqrt(n) / 2
    low = ordered[max(0, math.floor(n / 2 - reach))]
    high = ordered[min(n - 1, math.ceil(n / 2 + reach))]
    note = "" if n >= LEAST_N else f"n too small (needs {LEAST_N})"
    return Figure(name, middle(ordered), unit, n, low, high, note)


def count(name: str, hits: int, n: int) -> Figure:
    """Makes the figure of a plain count out of n, without an interval."""
    return Figure(name, hits, "count", n)


def render(figures: Figures) -> str:
    """Renders a table for people, then one JSON line for programs."""
    width = max((len(row.name) for row in figures.rows), default=0)
    table = "\n".join(_line(row, width) for row in figures.rows)
    body = {"kind": figures.kind, "figures": [asdict(row) for row in figures.rows]}
    return f"{table}\n{json.dumps(body)}"


def _line(row: Figure, width: int) -> str:
    value = "-" if row.value is None else f"{row.value:.4g}"
    span = "" if row.low is None or row.high is None else f"[{row.low:.4g}, {row.high:.4g}]"
    return f"{row.name:<{width}}  {value:>8} {row.unit:<8} {span:<18} n={row.n:<6} {row.note}".rstrip()
