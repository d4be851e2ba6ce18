"""Which history a checkpoint belongs to: a journal put back from a back-up shares only its beginning with it.

Each epoch of a journal holds from its first position on. What lies before the start of the epoch after it is
common to everybody who followed that epoch; what a follower saw beyond is gone, and its positions mean other
events now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from subscriber.errors import EpochChanged, Undeclared

__all__ = ["NO_LINEAGE", "Lineage", "joined"]


@dataclass(frozen=True, slots=True)
class Lineage:
    """The epochs of a journal, each with its first position, oldest first; empty: the source knows none."""

    starts: tuple[tuple[int, str], ...] = ()

    @property
    def now(self) -> str:
        """The journal's epoch; empty: none is known."""
        return self.starts[-1][1] if self.starts else ""

    def common(self, epoch: str, position: int) -> int:
        """Tell the last position up to which a reader of some epoch has seen the events of this journal.

        0 when the epoch is unknown here: the back-up is older than its start, or it is another journal.
        """
        names = [name for _, name in self.starts]
        if epoch not in names:
            return 0
        later = self.starts[names.index(epoch) + 1 :]
        return min(position, later[0][0] - 1) if later else position

    def lost(self, epoch: str, position: int) -> bool:
        """Tell whether an event of an epoch is in this journal no longer; an unknown epoch may be newer."""
        names = [name for _, name in self.starts]
        return epoch in names and self.common(epoch, position) < position


NO_LINEAGE: Final = Lineage()


def joined(epoch: str, position: int, now: str, head: int, lineage: Lineage) -> str:
    """Give the epoch in which a reader goes on: the journal's, when all it has seen is in this journal.

    Args:
        epoch: the reader's; empty: it has read nothing yet.
        position: the last one the reader has seen.
        now: the journal's epoch.
        head: the journal's last position.
        lineage: the journal's epochs.

    Raises:
        EpochChanged: the reader saw events that are gone: rebuild.
        Undeclared: the journal ends before the reader's place, and nobody said that it was restored.
    """
    if epoch not in {"", now}:
        common = lineage.common(epoch, position)
        if common < position or lineage.now != now:
            raise EpochChanged(had=epoch, has=now, position=position, common=common)
    elif head < position:
        raise Undeclared(had=epoch, has=now, position=position)
    return now
