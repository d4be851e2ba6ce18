"""The main job by the client's clock: one genuine case after another, from upload to final decision.

`python -m benchmarks.main_job` plays 60 cases, `--quick` 12. The clip is rendered before the timed span.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy_report import wilson
from benchmarks.claims import Claim, percentile, percentile_interval, say
from examples.demo.cases import fresh_seed, genuine, register_rows
from examples.demo.following import Follower
from examples.demo.playing import Played, Stage, play
from examples.demo.serving import Served, serve
from tests.specimens.holders import HOLDERS

__all__ = ["main"]

_SOUND = {"clear", "not_applicable"}
_DECIDED_MS, _FIRST_MS, _FINAL_SHARE = 2000.0, 300.0, 0.95


@dataclass(frozen=True, slots=True)
class _Measured:
    """One case: its seed, how long until the decision and the first partial, ms, and how it ended."""

    seed: int
    decided_ms: float | None
    first_partial_ms: float | None
    outcome: str
    unavailable: tuple[str, ...]
    doubts: tuple[str, ...]


def _measure(seed: int, played: Played) -> _Measured:
    partials = [a for a in played.records if a.kind == "partial" and a.data["fact"] == "document_type"]
    decision = played.decision
    return _Measured(
        seed=seed,
        decided_ms=None if decision is None else (decision.at_s - played.last_upload_s) * 1000,
        first_partial_ms=(partials[0].at_s - played.first_upload_s) * 1000 if partials else None,
        outcome="none" if decision is None else f"{decision.data['outcome']} {decision.data['state']}",
        unavailable=tuple(n for n, a in played.checks().items() if a["status"] == "unavailable"),
        doubts=tuple(f"{n} {a['status']}" for n, a in played.checks().items() if a["status"] not in _SOUND),
    )


def _run(served: Served, cases: int) -> list[_Measured]:
    measured: list[_Measured] = []
    key = served.add_client("Benchmark Ltd")
    with Follower(served.url, key, lambda _: None) as follower:
        for n in range(cases):
            served.wait_until_ready()
            seed = fresh_seed()
            script = genuine(seed, list(HOLDERS.values())[n % len(HOLDERS)])
            measured.append(_measure(seed, play(script, Stage(served.url, key, follower))))
            last = measured[-1]
            load = os.getloadavg()[0]
            print(f"{n + 1:3}/{cases} {last} load {load:.1f}", file=sys.stderr, flush=True)
    return measured


def _time_claim(name: str, values: list[float], target_ms: float) -> Claim:
    p95 = percentile(values, 0.95)
    low, high = percentile_interval(values, 0.95)
    middle = {"median": round(statistics.median(values), 1), "max": round(max(values), 1)}
    return Claim(
        claim=name,
        value=round(p95, 1),
        unit="ms",
        target=target_ms,
        met=p95 <= target_ms,
        n=len(values),
        low=round(low, 1),
        high=round(high, 1),
        against=middle,
    )


def _share_claim(name: str, hits: int, n: int, target: float) -> Claim:
    low, high = wilson(hits, n)
    return Claim(
        claim=name,
        value=round(hits / n, 4),
        unit="share",
        target=target,
        met=hits / n >= target if target else True,
        n=n,
        low=round(low, 4),
        high=round(high, 4),
    )


def main() -> None:
    """Play the cases and print a line a claim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="12 cases")
    parser.add_argument("--port", type=int, default=8123)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vouch-bench-") as folder:
        data = Path(folder)
        (data / "register.json").write_text(json.dumps({"licences": register_rows(), "fault": None}))
        with serve(data, asked.port) as served:
            measured = _run(served, 12 if asked.quick else 60)
    decided = [m.decided_ms for m in measured if m.decided_ms is not None]
    first = [m.first_partial_ms for m in measured if m.first_partial_ms is not None]
    n = len(measured)
    say(_time_claim("last upload's last byte to final decision, p95", decided, _DECIDED_MS))
    say(_time_claim("first upload's last byte to first partial, p95", first, _FIRST_MS))
    finals = sum(m.outcome == "approve final" for m in measured)
    say(_share_claim("genuine cases approved finally", finals, n, _FINAL_SHARE))
    say(_share_claim("genuine cases referred", sum(m.outcome.startswith("refer") for m in measured), n, 0))
    say(
        _share_claim(
            "genuine cases with a check unavailable", sum(bool(m.unavailable) for m in measured), n, 0
        )
    )


if __name__ == "__main__":
    main()
