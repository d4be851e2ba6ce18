"""The delivery log while its database is away, or refuses: the latest is written after, nobody waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from django.db import OperationalError, connections

from streaming.deliveries.log import Deliveries
from streaming.models import LoggedDelivery, LoggedGap
from tests.sequencing import on_postgres
from tests.streaming.desk import READER, Desk, row_of

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@dataclass
class Outage:
    """Refuses every statement of this thread's connection while it lasts."""

    lasts: bool = False

    def __call__(self, execute: Callable[..., object], *statement: object) -> object:
        if self.lasts:
            raise OperationalError("the database is away")
        return execute(*statement)


@pytest.fixture
def outage() -> Iterator[Outage]:
    outage = Outage()
    with connections["default"].execute_wrapper(outage):
        yield outage


def test_after_an_outage_the_latest_of_each_connection_is_written(desk: Desk, outage: Outage) -> None:
    before, ended = desk.open(), desk.open()
    desk.after(seconds=1)
    outage.lasts = True
    during = desk.open()
    for number in (80, 90):
        before.sent(number)
        during.gap(from_=number, to=number + 1, oldest=number + 2, reason="retention")
        desk.after(seconds=1)
    ended.close("done")
    desk.after(minutes=10)

    outage.lasts = False
    desk.after(seconds=1)

    assert (row_of(before).sent, row_of(ended).reason, row_of(during).reason) == (90, "done", "")
    assert LoggedGap.objects.filter(delivery=during.id).count() == 2


def test_what_others_took_for_lost_during_an_outage_is_open_again_after_it(
    desk: Desk, outage: Outage
) -> None:
    delivery = desk.open()
    desk.after(seconds=1)
    outage.lasts = True
    desk.after(minutes=2)
    outage.lasts = False
    LoggedDelivery.objects.update(closed_at_us=1, reason="lost")

    desk.after(seconds=1)

    assert (row_of(delivery).closed_at_us, row_of(delivery).reason) == (0, "")


@pytest.mark.skipif(not on_postgres(), reason="a file has no connection that could be ended")
def test_a_connection_that_the_server_ended_is_replaced(desk: Desk) -> None:
    delivery = desk.open()
    with suppress(OperationalError), connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    desk.after(seconds=1)
    desk.after(seconds=1)

    assert row_of(delivery).first == 75


def test_in_an_outage_without_end_memory_is_bounded_and_what_is_open_is_kept(outage: Outage) -> None:
    desk = Desk(most_ended=10)
    outage.lasts = True
    still = desk.open()
    for _ in range(50):
        desk.open().close("done")
        still.gap(from_=1, to=2, oldest=3, reason="retention")
        still.gap(from_=1, to=2, oldest=3, reason="retention")
        still.gap(from_=9, to=10, oldest=11, reason="retention")
    desk.after(seconds=1)

    assert (desk.writer.kept, len(still.gaps())) == (11, 100)
    assert (still.gaps()[-1].from_number, still.gaps()[-1].to_number) == (1, 10)
    outage.lasts = False
    desk.after(seconds=1)
    assert LoggedDelivery.objects.count() == 11
    assert row_of(still).closed_at_us == 0


def test_a_text_longer_than_its_column_holds_nobody_else_up(desk: Desk) -> None:
    odd = desk.writer.open(READER, form="x" * 99, part="0/1", first=1, subscription="a\0" + "y" * 999)
    other = desk.open()
    odd.close("z" * 99)
    desk.after(seconds=1)

    assert (row_of(odd).reason, len(row_of(odd).subscription)) == ("z" * 32, 100)
    assert row_of(other).first == 75


def test_noting_is_never_held_up_by_a_database_that_does_not_answer() -> None:
    held, go = threading.Event(), threading.Event()
    log = Deliveries(every_s=0.01)

    def hold() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE" if connections["default"].vendor == "sqlite" else "BEGIN")
            if connections["default"].vendor == "postgresql":
                cursor.execute("LOCK TABLE streaming_loggeddelivery IN ACCESS EXCLUSIVE MODE")
            held.set()
            go.wait(10)
            cursor.execute("ROLLBACK")
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(5)
    began_s = time.monotonic()
    delivery = log.open(READER, form="ndjson", part="0/1", first=1)
    for number in range(1_000):
        delivery.sent(number)
        delivery.acked(number)
    delivery.gap(from_=1, to=2, oldest=3, reason="retention")
    delivery.close("done")
    took_s = time.monotonic() - began_s
    go.set()
    holder.join()
    log.finish(10)

    assert took_s < 0.5
    assert (row_of(delivery).sent, row_of(delivery).reason) == (999, "done")
