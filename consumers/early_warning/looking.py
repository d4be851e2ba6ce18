"""The look: every five seconds, at each subject, from the rows; what is to be said is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from consumers.early_warning import cases, rows
from consumers.early_warning.judging import ended_because, judge
from consumers.early_warning.rows import FOLLOWER, Execute
from consumers.early_warning.seeing import CASES, Look, Trouble
from consumers.early_warning.settings import Budgets
from consumers.early_warning.tape import LOOK_EVERY_US
from consumers.early_warning.usual import Usual, slot_of
from consumers.early_warning.wording import ending, explanation
from protocol.ids import from_us, to_us
from protocol.schemas import early_warning_v1_pb2 as warning
from subscriber import Context, Timer
from subscriber.noted import seen_us

__all__ = ["HOUSE", "Looker", "arm", "keep_ended", "keep_raised", "look_of", "open_warnings"]

LOOK: Final = "look"
# A warning is no client's: the name that the journal has it under.
HOUSE: Final = "house"
_MOST_CASES: Final = 20
# A look that comes later than this is about the past: what is over is not announced (docs/services).
_PAST: Final = timedelta(seconds=30)


def arm(ctx: Context) -> None:
    """Have the first look come, once."""
    if ctx.execute("INSERT INTO armed VALUES (?) ON CONFLICT (name) DO NOTHING RETURNING name", (LOOK,)):
        _again(to_us(ctx.moment), ctx)


def _again(after_us: int, ctx: Context) -> None:
    ctx.remind(from_us((after_us // LOOK_EVERY_US + 1) * LOOK_EVERY_US), LOOK, LOOK)


def open_warnings(execute: Execute) -> dict[str, tuple[str, int]]:
    """List what stands: for each subject the warning's id and when it was raised."""
    found = execute("SELECT about, warning_id, raised_us FROM warnings WHERE ended_us = 0 ORDER BY about", ())
    return {str(about): (str(id_), int(raised_us)) for about, id_, raised_us in found}


def last_ended_us(execute: Execute, about: str) -> int:
    """Tell when the last warning of a subject ended; 0: there was none. What it rested on counts no more."""
    found = execute("SELECT MAX(ended_us) FROM warnings WHERE about = ?", (about,))
    return int(found[0][0] or 0)


def keep_raised(execute: Execute, warning_id: str, said: warning.WarningRaised) -> None:
    """Keep a warning: when it is said, and again when it is read back from the journal."""
    execute(
        "INSERT INTO warnings VALUES (?, ?, ?, ?, ?, 0, '') ON CONFLICT (warning_id) DO NOTHING",
        (warning_id, said.about, said.trouble, said.raised_at_us, said.explanation),
    )


def keep_ended(execute: Execute, said: warning.WarningEnded) -> None:
    """Keep that it is over; likewise."""
    execute(
        "UPDATE warnings SET ended_us = ?, because = ? WHERE warning_id = ?",
        (said.ended_at_us, said.because, said.warning_id),
    )


def look_of(execute: Execute, about: str, at_us: int, budgets: Budgets, usual: Usual) -> Look:
    """Read what a judgement rests on, as of a moment."""
    step = about.startswith("step/")
    begun = cases.waiting(execute, at_us) if about == CASES else rows.begun(execute, about)
    return Look(
        about=about,
        at_us=at_us,
        budget_ms=rows.budget_ms(execute, about) or budgets.of(about),
        usual=usual,
        recent=rows.recent(execute, about, at_us, last_ended_us(execute, about)),
        begun=begun,
        known_us=min(at_us, seen_us(execute, FOLLOWER)) if step else at_us,
        lossy=step,
    )


@dataclass(slots=True)
class Looker:
    """Looks when its timer rings. What is usual is added up once for each slot of ten minutes."""

    budgets: Budgets
    _usual: dict[str, Usual] = field(default_factory=dict)
    _slot: int = 0

    def ring(self, timer: Timer, ctx: Context) -> None:
        """Look as of the timer's moment, and have the next look come."""
        if ctx.replaying or ctx.now - timer.at > _PAST:
            _again(max(to_us(timer.at), to_us(ctx.now)), ctx)
            return
        at_us = to_us(timer.at)
        if slot_of(at_us) != self._slot:
            self._slot, self._usual = slot_of(at_us), {}
            rows.prune(ctx.execute, at_us)
        standing = open_warnings(ctx.execute)
        subjects = {*rows.abouts(ctx.execute, at_us), *([CASES] if cases.waiting(ctx.execute, at_us) else [])}
        for about in sorted(subjects):
            self._look(about, at_us, standing.get(about), ctx)
        _again(at_us, ctx)

    def _look(self, about: str, at_us: int, standing: tuple[str, int] | None, ctx: Context) -> None:
        if about not in self._usual:
            self._usual[about] = rows.usual(ctx.execute, about, at_us)
        look = look_of(ctx.execute, about, at_us, self.budgets, self._usual[about])
        if standing is not None:
            because = ended_because(look, standing[1])
            if because:
                _say_ended(look, standing, because, ctx)
        elif (trouble := judge(look)) is not None:
            _say_raised(look, trouble, ctx)


def _say_raised(look: Look, trouble: Trouble, ctx: Context) -> None:
    waiting = [one.case for one in look.begun if one.case]
    waiting += cases.at_risk(ctx.execute, look.about, look.at_us)
    named = list(dict.fromkeys(waiting))
    said = warning.WarningRaised(
        about=look.about,
        trouble=trouble.kind,
        level_ms=trouble.level_ms,
        usual_ms=trouble.usual_ms,
        trend_ms_per_min=trouble.trend_ms_per_min,
        failed_01=trouble.failed_01,
        budget_ms=trouble.budget_ms,
        missed_at_us=trouble.missed_at_us,
        since_us=trouble.since_us,
        cases=named[:_MOST_CASES],
        waiting=len(named),
        explanation=explanation(look.about, trouble, len(named)),
        raised_at_us=look.at_us,
    )
    ctx.emit(said, subject=look.about, client=HOUSE)
    keep_raised(ctx.execute, str(ctx.said[-1].id), said)


def _say_ended(look: Look, standing: tuple[str, int], because: str, ctx: Context) -> None:
    warning_id, raised_us = standing
    lasted_s = (look.at_us - raised_us) / 1_000_000
    said = warning.WarningEnded(
        warning_id=warning_id,
        about=look.about,
        because=because,
        lasted_s=lasted_s,
        explanation=ending(look.about, because, lasted_s),
        ended_at_us=look.at_us,
    )
    ctx.emit(said, subject=look.about, client=HOUSE)
    keep_ended(ctx.execute, said)
