"""Cases: how long each takes from submit to its last check, and which ones wait, for what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from consumers.early_warning.rows import Execute, add_seen
from consumers.early_warning.seeing import CASES, Seen, Waiting
from protocol.checks import CHECKS

__all__ = ["at_risk", "checked", "ended", "evidence", "missed", "submitted", "waiting"]

# A case is at risk for as long: one that nobody finishes for longer is lost already, and was told.
_SUBMITTED_US: Final = 600 * 1_000_000
_EVIDENCE_US: Final = 120 * 1_000_000
_ALL: Final = frozenset(str(check) for check in CHECKS)
# Which check waits for a dependency; a step that answers a check has its name.
_CHECK_OF: Final = {"dependency/licence_register": "register", "step/liveness": "liveness"}


@dataclass(frozen=True, slots=True)
class _Case:
    evidence_us: int = 0
    submitted_us: int = 0
    checks: frozenset[str] = frozenset()
    last_us: int = 0
    ended: bool = False


def evidence(execute: Execute, case: str, at_us: int) -> None:
    """Note that evidence came."""
    held = _read(execute, case)
    _store(execute, case, replace(held, evidence_us=max(held.evidence_us, at_us)))


def submitted(execute: Execute, case: str, at_us: int, budget_ms: float) -> None:
    """Note that a case's time runs."""
    _keep(execute, case, replace(_read(execute, case), submitted_us=at_us), budget_ms)


def checked(execute: Execute, case: str, check: str, at_us: int, budget_ms: float) -> None:
    """Note that a check has ended."""
    held = _read(execute, case)
    new = replace(held, checks=held.checks | {check}, last_us=max(held.last_us, at_us))
    _keep(execute, case, new, budget_ms)


def missed(execute: Execute, case: str, at_us: int, budget_ms: float) -> None:
    """Note that a case's time was over before its checks were."""
    ended(execute, case)
    add_seen(execute, CASES, Seen(at_us, budget_ms, failed=True, case=case), f"{case}/missed")


def ended(execute: Execute, case: str) -> None:
    """Note that a case waits for nothing any more."""
    _store(execute, case, replace(_read(execute, case), ended=True))


def waiting(execute: Execute, at_us: int) -> list[Waiting]:
    """List the submitted cases that still wait, the longest first."""
    rows = execute(
        "SELECT case_id, submitted_us FROM cases WHERE ended = 0 AND submitted_us > ? AND submitted_us <= ? "
        "ORDER BY submitted_us, case_id LIMIT 1000",
        (at_us - _SUBMITTED_US, at_us),
    )
    return [Waiting(str(case), int(since)) for case, since in rows]


def at_risk(execute: Execute, about: str, at_us: int) -> list[str]:
    """List the open cases that have not had what a subject answers, the longest waiting first."""
    rows = execute(
        "SELECT case_id, checks FROM cases WHERE ended = 0 AND (submitted_us > ? OR evidence_us > ?) "
        "ORDER BY CASE WHEN submitted_us > 0 THEN submitted_us ELSE evidence_us END, case_id LIMIT 1000",
        (at_us - _SUBMITTED_US, at_us - _EVIDENCE_US),
    )
    name = _CHECK_OF.get(about, about.partition("/")[2])
    return [str(case) for case, checks in rows if name not in str(checks).split(",")]


def _read(execute: Execute, case: str) -> _Case:
    rows = execute(
        "SELECT evidence_us, submitted_us, checks, last_us, ended FROM cases WHERE case_id = ?", (case,)
    )
    if not rows:
        return _Case()
    evidence_us, submitted_us, checks, last_us, over = rows[0]
    known = frozenset(filter(None, str(checks).split(",")))
    return _Case(int(evidence_us), int(submitted_us), known, int(last_us), bool(over))


def _keep(execute: Execute, case: str, held: _Case, budget_ms: float) -> None:
    """Keep a case; with its submit and the last of its checks it is done, whichever came first."""
    done = not held.ended and held.submitted_us > 0 and held.checks >= _ALL
    took_ms = max(0, held.last_us - held.submitted_us) / 1_000
    # One that took longer is told by the deadline that passed, which may be read after its last check.
    if done and took_ms <= budget_ms:
        at_us = max(held.last_us, held.submitted_us)
        add_seen(execute, CASES, Seen(at_us, took_ms, case=case), f"{case}/done")
    _store(execute, case, replace(held, ended=held.ended or done))


def _store(execute: Execute, case: str, held: _Case) -> None:
    execute(
        "INSERT INTO cases VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (case_id) DO UPDATE SET "
        "evidence_us = excluded.evidence_us, submitted_us = excluded.submitted_us, checks = excluded.checks, "
        "last_us = excluded.last_us, ended = excluded.ended",
        (
            *(case, held.evidence_us, held.submitted_us, ",".join(sorted(held.checks))),
            *(held.last_us, int(held.ended)),
        ),
    )
