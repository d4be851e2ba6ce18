"""The service's own commands: `now`, what is seen and what stands; `again`, the last day run once more."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from statistics import median
from typing import Final

from consumers.early_warning import cases, rows
from consumers.early_warning.looking import open_warnings
from consumers.early_warning.rows import Execute
from consumers.early_warning.seeing import BLIND, CASES
from consumers.early_warning.settings import Budgets, budgets
from consumers.early_warning.tape import Said, Tried, play
from consumers.early_warning.trend import slope_ms_per_min
from consumers.early_warning.wording import explanation
from protocol.ids import from_us, to_us
from subscriber import Store
from subscriber.serving import ServiceSettings, Verb, open_current

__all__ = ["VERBS", "now_lines"]

_NEWEST: Final = 15
_LINE: Final = "{:<30} {:>9} {:>9} {:>10} {:>7} {:>8}  {}"


def now_lines(execute: Execute, at_us: int, limits: Budgets) -> Iterator[str]:
    """Write the levels of everything that was seen in the last half hour, and the warnings."""
    yield _LINE.format("what", "level", "usual", "trend/min", "failed", "budget", "")
    standing = open_warnings(execute)
    subjects = [about for about in rows.abouts(execute, at_us) if about != BLIND]
    for about in subjects:
        yield _level(execute, about, at_us, limits, "HEADS UP" if about in standing else "")
    if not subjects:
        yield "nothing was seen in the last half hour"
    found = execute(
        "SELECT raised_us, ended_us, explanation FROM warnings ORDER BY raised_us DESC LIMIT 10", ()
    )
    stand = "1 warning stands" if len(standing) == 1 else f"{len(standing)} warnings stand"
    yield f"{stand}; the last ones:" if found else "there was no warning yet"
    for raised_us, ended_us, said in found:
        until = f"to {_clock(int(ended_us))}" if ended_us else "and stands"
        yield f"  {from_us(int(raised_us)):%Y-%m-%d %H:%M:%S} {until}: {said}"


def _level(execute: Execute, about: str, at_us: int, limits: Budgets, mark: str) -> str:
    tries = rows.recent(execute, about, at_us)
    newest = tries[-_NEWEST:]
    level = median(seen.ms for seen in newest) if newest else 0.0
    waiting = len(cases.waiting(execute, at_us)) if about == CASES else len(rows.begun(execute, about))
    said = f"{mark} {waiting} wait".strip() if waiting else mark
    return _LINE.format(
        about,
        _ms(level),
        _ms(rows.usual(execute, about, at_us).middle_ms),
        f"{slope_ms_per_min(newest):+.0f} ms",
        f"{sum(seen.failed for seen in newest)}/{len(newest)}",
        _ms(rows.budget_ms(execute, about) or limits.of(about)),
        said,
    ).rstrip()


def _now(settings: ServiceSettings, _asked: Namespace) -> int:
    with closing(_rows(settings)) as store:
        for line in now_lines(store.execute, to_us(datetime.now(UTC)), budgets()):
            print(line)
    return 0


def _again(settings: ServiceSettings, _asked: Namespace) -> int:
    """Run the judgement over the tries that are kept, in seconds, and say what it would have said."""
    limits = budgets()
    with closing(_rows(settings)) as store:
        tries = [
            Tried(str(about), str(case), int(at_us) - round(ms * 1_000), int(at_us), bool(failed))
            for about, case, at_us, ms, failed in store.execute(
                "SELECT about, case_id, at_us, ms, failed FROM seen WHERE about <> ?", (BLIND,)
            )
        ]
        own = {about: rows.budget_ms(store.execute, about) for about in {t.about for t in tries}}
    for said in play(tries, lambda about: own.get(about, 0.0) or limits.of(about)):
        print(_told(said))
    print(f"{len(tries)} tries were looked at again; nothing was said to anybody")
    return 0


def _told(said: Said) -> str:
    moment = f"{from_us(said.at_us):%Y-%m-%d %H:%M:%S}"
    if said.trouble is None:
        return f"{moment} {said.about} is over: {said.because}"
    return f"{moment} {explanation(said.about, said.trouble, 0)}"


def _rows(settings: ServiceSettings) -> Store:
    store = open_current(settings)
    rows.prepare(store)
    return store


def _ms(ms: float) -> str:
    return f"{ms:.0f} ms" if ms else "-"


def _clock(us: int) -> str:
    return f"{from_us(us):%H:%M:%S}"


VERBS: Final = (
    Verb(name="now", help="say the levels of steps and dependencies, and which warnings stand", do=_now),
    Verb(name="again", help="run over the last day's tries once more, and say what would be said", do=_again),
)
