"""When people are not to be disturbed, by the clock on their wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["NEVER", "Quiet", "quiet_of"]

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of rest to the minute, from `begins` up to and without `ends`, which may be past midnight.

    Equal: there are none.
    """

    begins: time
    ends: time

    def holds(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Tell whether it is quiet at a moment, in a time zone."""
        now = moment.astimezone(zone).time()
        if self.begins <= self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends

    def over(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Give the first moment, at or after one, at which it is not quiet; in UTC."""
        if not self.holds(moment, zone):
            return moment.astimezone(UTC)
        # Both the hours and the changes of clocks are by the minute, so that looking at each finds the first,
        # whatever a change leaves out or shows twice; a night is 700 of them, and takes a millisecond.
        at = moment.astimezone(UTC).replace(second=0, microsecond=0)
        while self.holds(at, zone):
            at += _MINUTE
        return at


NEVER = Quiet(time(0), time(0))


def quiet_of(text: str) -> Quiet:
    """Read "21:00-08:00"; empty: never quiet.

    Raises:
        ValueError: it is not written so.
    """
    if not text:
        return NEVER
    begins, ends = (time.fromisoformat(part.strip()) for part in text.split("-", 1))
    if begins.second or ends.second or begins.microsecond or ends.microsecond:
        raise ValueError(f"hours of rest are given to the minute, not {text!r}")
    return Quiet(begins, ends)
