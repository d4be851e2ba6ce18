"""python -m benchmarks.decisions: one JSON line a claim; with --quick on fewer cases.

Cases are made of a policy's stake, a document, an age and the nine checks, one in three with a doubt, their
facts in a random order; the seed is fixed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.backbone.parts import Ground
from benchmarks.claims import Claim, percentile, percentile_interval, say
from benchmarks.decisions.history import CLIENT, Journal, case
from consumers.decisions import service
from consumers.decisions.backtest import compare
from consumers.decisions.drafts import DRAFT, Draft
from consumers.decisions.engine import evaluate
from consumers.decisions.facts import CaseFacts, fold
from deploy.servers.postgres import PostgresServer
from protocol.policies import SHIPPED, CompiledPolicy, Policy, PolicyRef, read
from subscriber import FileVersions, Service

_DECIDED_WITHIN_MS: Final = 50.0
# All that a person would write into one policy: every way of saying something, every check.
_LARGE: Final = """{"rules": [
  {"outcome": "decline", "when": {"checks": "all", "any": ["rejected"]}},
  {"outcome": "decline", "when": {"all_of": [
    {"check": "tamper", "is": ["suspected"]}, {"any_of": [
      {"check": "liveness", "is": ["suspected"]}, {"check": "face_match", "is": ["suspected"]}]}]}},
  {"outcome": "refer", "when": {"any_of": [
    {"unless": {"document": ["uk_driving_licence", "passport"]}},
    {"checks": ["quality", "comparison"], "any": ["unavailable"]}]}},
  {"outcome": "approve", "when": {"all_of": [
    {"age": "proven"}, {"part": "face_match/similarity", "at_least": 0.6},
    {"checks": "all", "every": ["clear", "caution", "not_applicable"]},
    {"any_of": [{"check": "register", "is": ["clear"]},
                {"part": "face_match/similarity", "at_least": 0.8}]}]}}
]}"""


def main() -> None:
    """Measure, and say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    cases = 500 if quick else 20_000
    policies = (*SHIPPED, read(_LARGE, PolicyRef("large", 1)))
    for policy in policies:
        _say_evaluation(policy, min(cases, 2_000))
    _say_backtest(cases)
    with tempfile.TemporaryDirectory(prefix="vouch-pg-") as folder, PostgresServer(Path(folder)) as postgres:
        _say_latencies(Ground(postgres), 60 if quick else 300)


def _say_evaluation(policy: Policy, cases: int) -> None:
    """Time one asking of a policy after each fact, as the service does it."""
    ready, took_us = CompiledPolicy(policy), []
    for number in range(cases):
        known = CaseFacts()
        for event in case(number, policy.ref.name):
            known = fold(known, event)
            found = known.facts
            began_ns = time.perf_counter_ns()
            evaluate(ready, found, may_approve_ahead=True)
            took_us.append((time.perf_counter_ns() - began_ns) / 1_000)
    p95 = percentile(took_us, 0.95)
    low, high = percentile_interval(took_us, 0.95)
    say(
        Claim(
            claim=f"policy {policy.ref.name}: asked once, p95",
            value=round(p95, 1),
            unit="us",
            target=100,
            met=p95 <= 100,
            n=len(took_us),
            low=round(low, 1),
            high=round(high, 1),
            against={
                "median_us": round(percentile(took_us, 0.5), 1),
                "p99_us": round(percentile(took_us, 0.99), 1),
                "questions": ready.diagram(aged=True, barred=False).size(),
            },
        )
    )


def _say_backtest(cases: int) -> None:
    """Time the history of some cases run again under a draft; with what reading it took."""
    journal = Journal(cases)
    draft = Draft(CLIENT, read(_LARGE, DRAFT))
    with tempfile.TemporaryDirectory() as folder:
        described = Service(
            subscriber=service.subscriber(),
            versions=FileVersions(Path(folder) / "unused.sqlite3"),
            prepare=service.prepare,
            source=lambda: journal,
        )
        began_s = time.monotonic()
        compared = compare(described, draft)
        took_s = time.monotonic() - began_s
    a_minute = cases / took_s * 60
    say(
        Claim(
            claim="backtest",
            value=round(a_minute),
            unit="cases a minute",
            target=20_000,
            met=a_minute >= 20_000,
            n=cases,
            low=round(a_minute),
            high=round(a_minute),
            against={
                "events_a_second": round(len(journal.records) / took_s),
                "different": len(compared.different()),
            },
        )
    )


def _say_latencies(ground: Ground, cases: int) -> None:
    """Time decisions in both profiles, each with its own database and its own way to the service."""
    with ground.under("sqlite") as environment:
        _say_latency("embedded", ground.ours("deciding", environment, room="decisions", n=cases)["ms"])
    with ground.under("postgresql", kafka=True) as environment:
        environment["VOUCH_DECISIONS_DATABASE_URL"] = ground.fresh_database()
        _say_latency("full", ground.ours("deciding", environment, room="decisions", n=cases)["ms"])


def _say_latency(profile: str, taken_ms: list[float]) -> None:
    p99 = percentile(taken_ms, 0.99)
    low, high = percentile_interval(taken_ms, 0.99)
    say(
        Claim(
            claim=f"a fact is written to its decision journalled, {profile} profile, p99",
            value=round(p99, 1),
            unit="ms",
            target=_DECIDED_WITHIN_MS,
            met=p99 <= _DECIDED_WITHIN_MS,
            n=len(taken_ms),
            low=round(low, 1),
            high=round(high, 1),
            against={
                "median_ms": round(percentile(taken_ms, 0.5), 1),
                "max_ms": round(max(taken_ms), 1),
            },
        )
    )


if __name__ == "__main__":
    main()
