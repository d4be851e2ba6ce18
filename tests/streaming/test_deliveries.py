"""The delivery log: what connections note is written together, once a second, and outlives an outage."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connections
from django.test.utils import CaptureQueriesContext

from access.principals import Principal
from protocol.ids import new_uuid7, to_us
from streaming import delivery_rows
from streaming.deliveries import Deliveries, Delivery
from streaming.delivery_writer import Writer
from streaming.models import LoggedDelivery, LoggedGap
from streaming.process import has_ended, this_process
from tests.sequencing import on_postgres

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

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


def _row(delivery: Delivery) -> LoggedDelivery:
    return LoggedDelivery.objects.get(pk=delivery.id)


def test_an_opened_connection_is_written_with_who_reads_what_from_where(desk: Desk) -> None:
    delivery = desk.writer.open(READER, form="sse", part="1/4", first=75, subscription="till")
    desk.after(seconds=1)

    row = _row(delivery)
    assert (row.client, row.live, row.key_id) == ("cl_1", True, "ak_1")
    assert (row.form, row.part, row.first, row.subscription) == ("sse", "1/4", 75, "till")
    assert (row.sent, row.acked, row.closed_at_us, row.reason) == (0, 0, 0, "")
    assert (row.opened_at_us, row.process) == (to_us(NOW), this_process())


def test_positions_sent_and_acked_are_those_of_the_last_second(desk: Desk) -> None:
    delivery = desk.open()
    for number in range(75, 180):
        delivery.sent(number)
    delivery.acked(150)
    desk.after(seconds=1)

    assert (_row(delivery).sent, _row(delivery).acked) == (179, 150)


def test_a_connection_that_ends_is_written_with_its_reason_and_then_forgotten(desk: Desk) -> None:
    delivery = desk.open()
    desk.after(seconds=1)
    desk.now += timedelta(seconds=5)
    delivery.sent(80)
    delivery.close("shutdown")
    delivery.close("done")
    desk.after(seconds=1)

    row = _row(delivery)
    assert (row.sent, row.reason, row.closed_at_us) == (80, "shutdown", to_us(NOW + timedelta(seconds=6)))
    assert row.last_seen_us == row.closed_at_us
    assert desk.writer.kept == 0


def test_a_connection_that_lived_between_two_writes_is_written_too(desk: Desk) -> None:
    delivery = desk.open()
    delivery.close("done")
    desk.after(seconds=1)

    assert _row(delivery).reason == "done"


def test_gaps_that_were_told_are_kept_in_their_order(desk: Desk) -> None:
    delivery = desk.open()
    delivery.gap(from_=10, to=19, oldest=20, reason="retention")
    desk.after(seconds=1)
    delivery.gap(from_=30, to=49, oldest=50, reason="retention")
    desk.after(seconds=1)

    told = LoggedGap.objects.filter(delivery=delivery.id).order_by("nth")
    assert [(g.nth, g.from_number, g.to_number, g.oldest) for g in told] == [(1, 10, 19, 20), (2, 30, 49, 50)]


def test_a_thousand_connections_are_written_by_one_batch_of_statements(desk: Desk) -> None:
    many = [desk.open() for _ in range(1_000)]
    desk.after(seconds=1)
    for number, delivery in enumerate(many, start=1):
        delivery.sent(number)

    with CaptureQueriesContext(connections["default"]) as asked:
        desk.after(seconds=1)

    written = [q["sql"] for q in asked.captured_queries if "INSERT" in q["sql"]]
    assert len(written) == 1
    assert written[0].startswith("1000 times")
    assert sorted(LoggedDelivery.objects.values_list("sent", flat=True)) == list(range(1, 1_001))


def test_nothing_is_asked_of_the_database_while_nothing_changes(desk: Desk) -> None:
    desk.open()
    desk.after(seconds=1)

    with CaptureQueriesContext(connections["default"]) as asked:
        desk.after(seconds=1)

    assert asked.captured_queries == []


def test_an_open_connection_that_is_silent_is_seen_every_quarter_of_a_minute(desk: Desk) -> None:
    delivery = desk.open()
    desk.after(seconds=1)
    desk.after(seconds=15)

    assert _row(delivery).last_seen_us == to_us(NOW + timedelta(seconds=16))


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

    assert (_row(before).sent, _row(ended).reason, _row(during).reason) == (90, "done", "")
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

    assert (_row(delivery).closed_at_us, _row(delivery).reason) == (0, "")


@pytest.mark.skipif(not on_postgres(), reason="a file has no connection that could be ended")
def test_a_connection_that_the_server_ended_is_replaced(desk: Desk) -> None:
    delivery = desk.open()
    with suppress(OperationalError), connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    desk.after(seconds=1)
    desk.after(seconds=1)

    assert _row(delivery).first == 75


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
    assert _row(still).closed_at_us == 0


def test_a_text_longer_than_its_column_holds_nobody_else_up(desk: Desk) -> None:
    odd = desk.writer.open(READER, form="x" * 99, part="0/1", first=1, subscription="a\0" + "y" * 999)
    other = desk.open()
    odd.close("z" * 99)
    desk.after(seconds=1)

    assert (_row(odd).reason, len(_row(odd).subscription)) == ("z" * 32, 100)
    assert _row(other).first == 75


def _left_by(process: str, *, seen: datetime = NOW) -> LoggedDelivery:
    return LoggedDelivery.objects.create(
        id=str(new_uuid7(NOW)),
        client="cl_1",
        live=True,
        key_id="ak_1",
        form="ndjson",
        part="0/1",
        subscription="",
        first=1,
        opened_at_us=to_us(NOW - timedelta(hours=1)),
        process=process,
        sent=5,
        acked=0,
        closed_at_us=0,
        reason="",
        last_seen_us=to_us(seen),
    )


def _end_of(row: LoggedDelivery) -> tuple[int, str]:
    row.refresh_from_db()
    return row.closed_at_us, row.reason


def test_what_a_process_that_was_killed_left_open_is_closed_as_lost_at_the_next_start(desk: Desk) -> None:
    code = "from streaming.process import this_process; print(this_process(), flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    name = other.stdout.readline().strip()
    row = _left_by(name)
    desk.after(seconds=1)
    assert (_end_of(row), has_ended(name)) == ((0, ""), False)

    other.kill()
    other.communicate()
    Desk().after(seconds=1)

    assert has_ended(name)
    assert _end_of(row) == (to_us(NOW), "lost")


def test_a_process_that_has_the_number_of_one_that_ended_is_not_taken_for_it(desk: Desk) -> None:
    host, pid, started = this_process().rsplit("/", 2)
    row = _left_by(f"{host}/{pid}/{int(started) - 1}")

    desk.after(seconds=1)

    assert _end_of(row) == (to_us(NOW), "lost")


def test_what_another_machine_left_open_is_lost_after_a_minute_of_silence(desk: Desk) -> None:
    silent = _left_by("elsewhere/1/1", seen=NOW - timedelta(seconds=61))
    alive = _left_by("elsewhere/2/1", seen=NOW - timedelta(seconds=40))

    desk.after(seconds=0)

    assert _end_of(silent) == (to_us(NOW - timedelta(seconds=61)), "lost")
    assert _end_of(alive) == (0, "")


def test_ones_own_connections_are_never_taken_for_lost(desk: Desk) -> None:
    row = _left_by(this_process(), seen=NOW - timedelta(hours=1))

    desk.after(seconds=1)

    assert _end_of(row) == (0, "")


def test_connections_of_more_than_ninety_days_ago_are_dropped_with_their_gaps(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_rows, "_AT_ONCE", 2)
    old = [desk.open() for _ in range(5)]
    for delivery in old:
        delivery.gap(from_=1, to=2, oldest=3, reason="retention")
        delivery.close("done")
    desk.after(days=1)
    young = desk.open()
    young.gap(from_=1, to=2, oldest=3, reason="retention")
    young.close("done")
    desk.after(seconds=1)

    Desk(now=NOW + timedelta(days=90, seconds=1)).after(seconds=0)

    assert list(LoggedDelivery.objects.values_list("id", flat=True)) == [young.id]
    assert list(LoggedGap.objects.values_list("delivery", flat=True)) == [young.id]


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
    assert (_row(delivery).sent, _row(delivery).reason) == (999, "done")


def test_the_last_of_it_is_written_when_the_process_ends() -> None:
    log = Deliveries(every_s=3_600)
    delivery = log.open(READER, form="ndjson", part="0/1", first=1)
    delivery.sent(7)
    delivery.close("shutdown")

    log.finish(10)

    assert (_row(delivery).sent, _row(delivery).reason) == (7, "shutdown")


def test_a_log_that_was_finished_begins_again_with_the_next_connection() -> None:
    log = Deliveries(every_s=3_600)
    log.start()
    log.finish(10)
    delivery = log.open(READER, form="ndjson", part="0/1", first=1)
    log.finish(10)

    assert _row(delivery).first == 1
