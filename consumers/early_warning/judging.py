"""When to say heads up, and when that it is well again: a pure function of one look.

`slow`     the newest durations have risen against the usual (Page-Hinkley over their ranks), and at this
           trend one in twenty will miss the budget within ten minutes, or does already
`failing`  the newest tries fail more often than usual (Page-Hinkley over failures): four, of two cases
`stuck`    three cases have waited for longer than four fifths of the budget, at this moment
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from consumers.early_warning.drift import last_alarm
from consumers.early_warning.seeing import BLIND, Look, Seen, Trouble
from consumers.early_warning.trend import level_now, level_of, rise_since, slope_ms_per_min

__all__ = ["ended_because", "judge"]

_S: Final = 1_000_000
# The level is the median of the newest five tries of the last five minutes; failures are shares of thirty.
_NEWEST, _FEWEST, _FRESH_US = 5, 5, 300 * _S
_TRIES: Final = 30
# Below this many times the usual level, no budget is in danger that was not in danger before.
_MATTERS: Final = 1.4
# From here on it counts as above the usual, whose own median is right to 2.5 %.
_ABOVE: Final = 1.1
# In units of a standard normal value: a false alarm once in a million tries, of which most never matter.
_SLOW_DELTA, _SLOW_THRESHOLD = 0.5, 12.0
# So many newest tries must hold the test's last alarm: an older one is over.
_STILL: Final = 30
# Ten minutes are time to do something; what lies further ahead will be seen again.
_HORIZON_MIN: Final = 10.0
# Four failures among a few tries; three did come by chance on quiet days of one failure in two hundred.
_FAILED, _FAILED_01, _FAILING_DELTA, _FAILING_THRESHOLD = 4, 0.2, 0.15, 3.0
_STUCK, _STUCK_SHARE, _FORGOTTEN_SHARE = 3, 0.8, 20.0
_DROPPED, _DROPPED_US = 50, 600 * _S
# It is well again when the last two minutes, and five tries at least, show nothing of it.
_WELL_US, _WELL_FAILED_01, _WELL_LEVEL, _WELL_BUDGET = 120 * _S, 0.1, 1.2, 0.7
_QUIET_US: Final = 1_800 * _S


def judge(look: Look) -> Trouble | None:
    """Judge one subject; None: nothing is to be said of it."""
    if look.about == BLIND:
        return _blind(look)
    return _stuck(look) or _failing(look) or _slow(look)


def ended_because(look: Look, raised_us: int) -> str:
    """Tell why a warning is over: `well`, `quiet` (nothing was seen for half an hour), or "": it is not."""
    if look.about == BLIND:
        return "" if _lost(look) else "well"
    if _stuck(look) is not None:
        return ""
    if not look.begun and all(seen.at_us < look.at_us - _QUIET_US for seen in look.recent):
        return "quiet" if look.at_us - raised_us >= _QUIET_US else ""
    since = [seen for seen in look.recent if seen.at_us > raised_us]
    newest = [seen for seen in since if seen.at_us > look.at_us - _WELL_US]
    tries = newest if len(newest) >= _FEWEST else since[-_FEWEST:]
    long_enough = look.at_us - raised_us >= _WELL_US and len(tries) >= _FEWEST
    return "well" if long_enough and _is_well(look, tries) else ""


def _is_well(look: Look, tries: Sequence[Seen]) -> bool:
    if sum(seen.failed for seen in tries) > _WELL_FAILED_01 * len(tries):
        return False
    level = median(seen.ms for seen in tries)
    if look.usual.known and level <= _WELL_LEVEL * look.usual.middle_ms:
        return True
    rising = slope_ms_per_min(tries) > _WELL_BUDGET * look.budget_ms / _HORIZON_MIN
    return level * look.usual.spread < _WELL_BUDGET * look.budget_ms and not rising


def _slow(look: Look) -> Trouble | None:
    newest = [seen for seen in look.recent[-_TRIES:] if _has_duration(seen, look.budget_ms)]
    level = level_of(newest, look.at_us, newest=_NEWEST, fewest=_FEWEST, fresh_us=_FRESH_US)
    if not look.budget_ms or not level or level < _MATTERS * look.usual.middle_ms:
        return None
    timed = [seen for seen in look.recent if _has_duration(seen, look.budget_ms)]
    since = rise_since(timed, _ABOVE * look.usual.middle_ms)
    slope = slope_ms_per_min(timed[since:])
    level = max(level, level_now(timed[since:], slope))
    left_min = _left_min(look, level, slope)
    # The test last: it is the dearest to ask.
    if left_min is None or (look.usual.known and not _has_risen(look, timed)):
        return None
    return Trouble(
        kind="slow",
        level_ms=level,
        usual_ms=look.usual.middle_ms,
        trend_ms_per_min=max(0.0, slope),
        failed_01=_share_failed(look.recent[-_TRIES:]),
        budget_ms=look.budget_ms,
        missed_at_us=look.at_us + round(left_min * 60 * _S),
        since_us=timed[since].at_us,
    )


def _left_min(look: Look, level_ms: float, slope: float) -> float | None:
    """Tell in how many minutes one in twenty misses the budget; None: not within the horizon."""
    left_ms = look.budget_ms - level_ms * look.usual.spread
    if left_ms <= 0:
        return 0.0
    # Before anything is known to be usual, a trend is no more than a guess.
    if slope <= 0 or not look.usual.known:
        return None
    left_min = left_ms / (slope * look.usual.spread)
    return left_min if left_min <= _HORIZON_MIN else None


def _has_risen(look: Look, timed: Sequence[Seen]) -> bool:
    scores = (look.usual.z(seen.ms) for seen in timed)
    alarm = last_alarm(scores, usual=0.0, delta=_SLOW_DELTA, threshold=_SLOW_THRESHOLD)
    return alarm is not None and alarm >= len(timed) - _STILL


def _failing(look: Look) -> Trouble | None:
    newest = look.recent[-_TRIES:]
    failed = [seen for seen in newest if seen.failed and seen.at_us > look.at_us - _FRESH_US]
    share = len(failed) / len(newest) if newest else 0.0
    if len(failed) < _FAILED or len({seen.case or str(seen.at_us) for seen in failed}) < 2:
        return None
    if share < max(_FAILED_01, 2 * look.usual.failed_01) and not all(s.failed for s in newest[-_FAILED:]):
        return None
    alarm = last_alarm(
        (float(seen.failed) for seen in look.recent),
        usual=look.usual.failed_01,
        delta=_FAILING_DELTA,
        threshold=_FAILING_THRESHOLD,
    )
    if alarm is None or alarm < len(look.recent) - _STILL:
        return None
    return Trouble(
        kind="failing",
        level_ms=median(seen.ms for seen in newest),
        usual_ms=look.usual.middle_ms,
        failed_01=share,
        budget_ms=look.budget_ms,
        since_us=failed[0].at_us,
    )


def _stuck(look: Look) -> Trouble | None:
    """Find what stands still; where ends may have been lost, only if nothing that began later has ended."""
    oldest_us = look.known_us - round(_FORGOTTEN_SHARE * look.budget_ms * 1_000)
    until_us = look.known_us - round(_STUCK_SHARE * look.budget_ms * 1_000)
    late = sorted(w.since_us for w in look.begun if oldest_us <= w.since_us <= until_us)
    cases = {w.case or str(w.since_us) for w in look.begun if oldest_us <= w.since_us <= until_us}
    if not look.budget_ms or len(cases) < _STUCK:
        return None
    if look.lossy and any(seen.at_us - seen.ms * 1_000 >= late[0] for seen in look.recent):
        return None
    return Trouble(
        kind="stuck",
        level_ms=(look.known_us - late[0]) / 1_000,
        usual_ms=look.usual.middle_ms,
        budget_ms=look.budget_ms,
        missed_at_us=late[0] + round(look.budget_ms * 1_000),
        since_us=late[0],
        stuck=len(cases),
    )


def _blind(look: Look) -> Trouble | None:
    lost = _lost(look)
    if sum(round(seen.ms) for seen in lost) < _DROPPED:
        return None
    return Trouble(kind="half_blind", since_us=lost[0].at_us, stuck=sum(round(seen.ms) for seen in lost))


def _lost(look: Look) -> list[Seen]:
    """List the notes of lost statistics of the last ten minutes; each one's `ms` is how many were lost."""
    return [seen for seen in look.recent if seen.at_us > look.at_us - _DROPPED_US]


def _has_duration(seen: Seen, budget_ms: float) -> bool:
    """Tell whether a try says how slow things are: what failed at once does not."""
    return not seen.failed or seen.ms >= budget_ms > 0


def _share_failed(tries: Sequence[Seen]) -> float:
    return sum(seen.failed for seen in tries) / len(tries) if tries else 0.0
