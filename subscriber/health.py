"""How a subscriber stands: how far behind, in records and seconds, and what waits, failed or was passed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from protocol.ids import to_us
from subscriber import outbox
from subscriber.errors import SourceAway
from subscriber.ledger import reached
from subscriber.letters import Letters
from subscriber.skips import Skipped, skipped
from subscriber.source import Batch, Source
from subscriber.store import Store
from subscriber.tables import make_outbox, make_tables

__all__ = ["Lag", "Standing", "lag", "standing"]

_ANSWER_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Lag:
    """Everything up to `floor` is done of a journal that ends at `head`; `seconds`: age of the next one."""

    floor: int
    head: int
    seconds: float

    @property
    def records(self) -> int:
        """Events of the journal that it has not passed, those of streams it does not follow included."""
        return max(0, self.head - self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What lies in a subscriber's database besides its checkpoint."""

    letters: int
    parked_keys: int
    skipped: tuple[Skipped, ...]
    unsent: int
    refused: int


def lag(store: Store, name: str, source: Source, *, now: datetime) -> Lag:
    """Compare a checkpoint with the journal's end; a subscriber that never ran is at 0.

    Raises:
        SourceAway: the journal cannot be asked now.
        EpochChanged: it was restored.
    """
    with store.transaction():
        make_tables(store)
    floor = reached(store, name).floor
    batch = _after(source, floor)
    if not batch.records:
        return Lag(floor, batch.head, 0.0)
    return Lag(floor, batch.head, max(0, to_us(now) - batch.records[0].sequenced_at_us) / 1_000_000)


def standing(store: Store, name: str) -> Standing:
    """Look at what waits, failed or was passed over; the runtime's tables are made where there are none."""
    letters = Letters.open(store, name).of()
    with store.transaction():
        make_outbox(store)
    unsent, refused = outbox.waiting(store)
    return Standing(
        letters=len(letters),
        parked_keys=len({letter.key for letter in letters}),
        skipped=tuple(skipped(store, name)),
        unsent=unsent,
        refused=refused,
    )


def _after(source: Source, floor: int) -> Batch:
    """Read the next event; a source that answers from afar needs a moment."""
    until_s = time.monotonic() + _ANSWER_S
    at = floor
    while True:
        batch = source.read(at, 1)
        if batch.records or batch.through >= batch.head:
            return batch
        if time.monotonic() > until_s:
            raise SourceAway("the journal says that there is more, and does not send it")
        at = batch.through
        time.sleep(0.002)
