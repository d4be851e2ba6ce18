"""Who carries the journal, and how far: one row that only the leader of the current term may move.

The lease decides who tries; it never decides what is right. A leader that was stopped past its lease and goes
on is fenced twice: Kafka refuses its producer, whose transactional id its successor has taken, and this row
refuses its term.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

from events.coordinator import clock_us
from events.errors import NotTheLeader
from events.models import RelayState

__all__ = ["LEASE_S", "Checkpoint", "Leadership", "checkpoint", "start_over"]

_NAME: Final = "kafka"
# A killed relay is replaced after so long; renewed three times within it, so that a busy machine loses none.
LEASE_S: Final = 3.0
_RENEW_S: Final = LEASE_S / 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything up to `position` of `epoch` is in the cluster; `cluster` is "" before the first start."""

    epoch: str = ""
    position: int = 0
    cluster: str = ""


class Leadership:
    """One relay's claim to lead, under a name that no other process has."""

    def __init__(self, leader: str) -> None:
        self._leader = leader
        self._term = 0
        self._lost = threading.Event()

    def take(self) -> Checkpoint:
        """Become the leader, if nobody else's lease holds.

        Raises:
            NotTheLeader: somebody else's does.
        """
        with transaction.atomic():
            RelayState.objects.get_or_create(name=_NAME)
            row = RelayState.objects.select_for_update().get(name=_NAME)
            now_us = clock_us()
            if _holds(row, now_us) and row.leader != self._leader:
                raise NotTheLeader(f"{row.leader} carries the journal, in its term {row.term}")
            self._term = row.term + 1
            self._change(row.term, term=self._term, leader=self._leader, leads_until_us=now_us + _us(LEASE_S))
        self._lost.clear()
        return Checkpoint(row.epoch, row.position, row.cluster)

    def renew(self) -> None:
        """Say that this relay goes on leading.

        Raises:
            NotTheLeader: another one has taken over.
        """
        self._change(self._term, leads_until_us=clock_us() + _us(LEASE_S))

    def save(self, checkpoint: Checkpoint) -> None:
        """Move the checkpoint after a batch that Kafka has committed; also the coordinator's sign of life.

        Raises:
            NotTheLeader: another one has taken over; the checkpoint is where that one has it.
        """
        now_us = clock_us()
        self._change(
            self._term,
            epoch=checkpoint.epoch,
            position=checkpoint.position,
            cluster=checkpoint.cluster,
            committed_at_us=now_us,
            leads_until_us=now_us + _us(LEASE_S),
        )

    def show_life(self) -> None:
        """Note that Kafka has committed a transaction that carried nothing. Raises as `save` does."""
        now_us = clock_us()
        self._change(self._term, committed_at_us=now_us, leads_until_us=now_us + _us(LEASE_S))

    def release(self) -> None:
        """Let the next relay lead at once."""
        RelayState.objects.filter(name=_NAME, term=self._term, leader=self._leader).update(leads_until_us=0)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the lease in the background, however long Kafka takes to answer; release it at the end."""
        ended = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(ended,), name="relay-lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            ended.set()
            keeper.join()
            self.release()

    def check(self) -> None:
        """Look, without the database, whether the lease was lost.

        Raises:
            NotTheLeader: it was.
        """
        if self._lost.is_set():
            raise NotTheLeader("another relay has taken over")

    def _keep(self, ended: threading.Event) -> None:
        while not ended.wait(_RENEW_S):
            try:
                self.renew()
            except NotTheLeader:
                self._lost.set()
                break
            except DatabaseError:
                # Not renewed: when it lasts, another one leads, and this one hears of it. A connection that
                # broke would stay so for as long as the thread keeps it.
                connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()
        connections.close_all()

    def _change(self, current: int, **values: int | str) -> None:
        if not RelayState.objects.filter(name=_NAME, term=current).update(**values):
            raise NotTheLeader(f"the term {current} has ended: another relay has taken over")


def checkpoint() -> Checkpoint:
    """Read how far the relay has come."""
    row = RelayState.objects.filter(name=_NAME).first()
    return Checkpoint() if row is None else Checkpoint(row.epoch, row.position, row.cluster)


def start_over(position: int, *, epoch: str) -> None:
    """Have the next leader carry everything after a position, into whichever cluster answers.

    Raises:
        NotTheLeader: a relay is running; stop it first.
    """
    leadership = Leadership("an operator")
    leadership.take()
    values = {"epoch": epoch if position else "", "position": position, "cluster": ""}
    RelayState.objects.filter(name=_NAME).update(**values)
    leadership.release()


def _holds(row: RelayState, now_us: int) -> bool:
    """Tell whether a lease holds; one longer than is ever given is from before the clock was put back."""
    return now_us < row.leads_until_us <= now_us + _us(LEASE_S)


def _us(seconds: float) -> int:
    return int(seconds * 1_000_000)
