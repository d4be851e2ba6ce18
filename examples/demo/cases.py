"""The demonstration's cases: what each applicant does, and what must come of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from examples.demo.playing import Played, Script
from tests.specimens.camera import photograph
from tests.specimens.clips import Action, Look, render
from tests.specimens.documents import GENUINE, Variant, licence
from tests.specimens.holders import HOLDER_A, HOLDERS, Holder
from tests.specimens.portraits import portrait

__all__ = ["CASES", "Case", "claims", "fresh_seed", "genuine", "register_rows"]


@dataclass(frozen=True, slots=True)
class Case:
    """A headline, the script that a seed gives, and what was wrong with how it went ("": nothing)."""

    headline: str
    script: Callable[[int], Script]
    fault: Callable[[Played], str]


def fresh_seed() -> int:
    """Give a seed that no earlier run had: camera and movement differ, the holder and the outcome do not."""
    return time.time_ns() % 1_000_000_007


def claims(holder: Holder) -> dict[str, str]:
    """Say what the holder of a document would say of themselves."""
    return {
        "given_names": holder.given_names.title(),
        "family_name": holder.family_name.title(),
        "date_of_birth": holder.date_of_birth.isoformat(),
    }


def register_rows(status: str = "valid") -> list[dict[str, str]]:
    """List the specimens' licences as the register knows them."""
    return [
        {
            "driver_number": holder.driver_number,
            "family_name": holder.family_name,
            "given_names": holder.given_names,
            "date_of_birth": holder.date_of_birth.isoformat(),
            "status": status,
        }
        for holder in HOLDERS.values()
    ]


def genuine(seed: int, holder: Holder = HOLDER_A) -> Script:
    """Make an honest applicant with their own licence."""
    return _script("genuine", seed, holder, GENUINE, Look())


def stuck_on(seed: int) -> Script:
    """Make somebody whose picture is stuck over the portrait of another's licence."""
    return _script("stuck-on", seed, HOLDER_A, Variant(attack="stuck_on"), Look())


def screen_replay(seed: int) -> Script:
    """Make somebody who holds a screen before the camera, on which the right challenge is answered."""
    return _script("screen", seed, HOLDER_A, GENUINE, Look(screen=True))


def _script(name: str, seed: int, holder: Holder, variant: Variant, look: Look) -> Script:
    def clip(asked: tuple[tuple[str, int], ...]) -> bytes:
        actions = tuple(Action(do, at_ms) for do, at_ms in asked)  # type: ignore[arg-type]  # the product's words
        return render(portrait(holder.clip_portrait), actions=actions, seed=seed, look=look)

    return Script(
        reference=f"demo-{name}-{seed}",
        claimed=claims(holder),
        front=lambda: photograph(licence(holder, seed=seed, variant=variant), seed=seed),
        clip=clip,
    )


def _must_be_approved(played: Played) -> str:
    wrong = {
        name: answer["status"]
        for name, answer in played.checks().items()
        if answer["status"] not in {"clear", "not_applicable"}
    }
    if wrong or len(played.checks()) != 9:
        return f"all nine checks should be clear; seen: {wrong or sorted(played.checks())}"
    outcome = _outcome(played)
    return "" if outcome == "approve final" else f"it should be approved, finally; seen: {outcome}"


def _must_be_caught(check: str, statuses: set[str], code: str) -> Callable[[Played], str]:
    def fault(played: Played) -> str:
        answer = played.checks().get(check, {})
        reasons = answer.get("reasons")
        codes = [r["code"] for r in reasons] if isinstance(reasons, list) else []
        if answer.get("status") not in statuses or code not in codes:
            wanted = " or ".join(sorted(statuses))
            return f"{check} should be {wanted} with {code}; seen: {answer.get('status')} with {codes}"
        outcome = _outcome(played)
        return f"it should not be approved; seen: {outcome}" if outcome.startswith("approve") else ""

    return fault


def _outcome(played: Played) -> str:
    if played.decision is None:
        return "no settled decision"
    return f"{played.decision.data['outcome']} {played.decision.data['state']}"


_SUSPECT = {"suspected", "rejected"}
CASES: tuple[Case, ...] = (
    Case("An honest applicant with their own licence", genuine, _must_be_approved),
    Case(
        "A portrait stuck over another's",
        stuck_on,
        _must_be_caught("tamper", _SUSPECT, "portrait_substituted"),
    ),
    Case(
        "A screen held before the camera, playing the right movements",
        screen_replay,
        _must_be_caught("liveness", _SUSPECT, "screen_replay"),
    ),
)
