"""A delivery log that a test drives by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from access.principals import Principal
from streaming.deliveries.delivery import Delivery
from streaming.deliveries.writer import Writer
from streaming.models import LoggedDelivery

__all__ = ["NOW", "READER", "Desk", "row_of"]

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
READER = Principal(kind="client", client="cl_1", live=True, key_id="ak_1")


@dataclass
class Desk:
    """A process's log without its thread: it writes, and time passes, when the test says so."""

    now: datetime = NOW
    most_ended: int = 100
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.writer = Writer(self.clock, monotonic_s=self.running_s, most_ended=self.most_ended)

    def clock(self) -> datetime:
        return self.now

    def running_s(self) -> float:
        return (self.now - NOW).total_seconds()

    def open(self, part: str = "0/1", first: int = 75) -> Delivery:
        return self.writer.open(READER, form="ndjson", part=part, first=first)

    def after(self, **passes: float) -> None:
        """Let time pass, and the writer write."""
        self.now += timedelta(**passes)
        self.writer.step()


def row_of(delivery: Delivery) -> LoggedDelivery:
    return LoggedDelivery.objects.get(pk=delivery.id)
