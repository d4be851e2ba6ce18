"""The delivery log: what connections note is written together, at most once a second."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from protocol.ids import to_us
from streaming.deliveries.log import Deliveries
from streaming.deliveries.process import this_process
from streaming.models import LoggedDelivery, LoggedGap
from tests.streaming.desk import NOW, READER, Desk, row_of

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_opened_connection_is_written_with_who_reads_what_from_where(desk: Desk) -> None:
    delivery = desk.writer.open(READER, form="sse", part="1/4", first=75, subscription="till")
    desk.after(seconds=1)

    row = row_of(delivery)
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

    assert (row_of(delivery).sent, row_of(delivery).acked) == (179, 150)


def test_a_connection_that_ends_is_written_with_its_reason_and_then_forgotten(desk: Desk) -> None:
    delivery = desk.open()
    desk.after(seconds=1)
    desk.now += timedelta(seconds=5)
    delivery.sent(80)
    delivery.close("shutdown")
    delivery.close("done")
    desk.after(seconds=1)

    row = row_of(delivery)
    assert (row.sent, row.reason, row.closed_at_us) == (80, "shutdown", to_us(NOW + timedelta(seconds=6)))
    assert row.last_seen_us == row.closed_at_us
    assert desk.writer.kept == 0


def test_a_connection_that_lived_between_two_writes_is_written_too(desk: Desk) -> None:
    delivery = desk.open()
    delivery.close("done")
    desk.after(seconds=1)

    assert row_of(delivery).reason == "done"


def test_gaps_that_were_told_are_kept_in_their_order(desk: Desk) -> None:
    delivery = desk.open()
    delivery.gap(from_=10, to=19, oldest=20, reason="retention")
    desk.after(seconds=1)
    delivery.gap(from_=30, to=49, oldest=50, reason="retention")
    desk.after(seconds=1)

    told = LoggedGap.objects.filter(delivery=delivery.id).order_by("nth")
    assert [(g.nth, g.from_number, g.to_number, g.oldest) for g in told] == [(1, 10, 19, 20), (2, 30, 49, 50)]


def test_a_thousand_connections_are_written_by_one_batch_of_statements(desk: Desk) -> None:
    for number in range(1, 1_001):
        desk.open().sent(number)

    with CaptureQueriesContext(connections["default"]) as asked:
        desk.after(seconds=1)

    written = [q["sql"] for q in asked.captured_queries if "INSERT" in q["sql"]]
    assert len(written) == 1
    assert written[0].startswith("1000 times")
    assert sorted(LoggedDelivery.objects.values_list("sent", flat=True)) == list(range(1, 1_001))


def test_of_thousands_that_move_each_has_its_turn_within_a_quarter_of_a_minute(desk: Desk) -> None:
    many = [desk.open() for _ in range(3_000)]
    desk.after(seconds=1)
    written = []
    for second in range(1, 16):
        for delivery in many:
            delivery.sent(second)
        desk.after(seconds=1)
        written.append(LoggedDelivery.objects.filter(sent=second).count())

    assert written == [200] * 15
    assert not LoggedDelivery.objects.filter(sent=0).exists()


def test_who_begins_or_ends_waits_for_nobody_that_moves(desk: Desk) -> None:
    many = [desk.open() for _ in range(300)]
    desk.after(seconds=1)
    for delivery in many:
        delivery.sent(7)
    many[-1].close("done")
    newest = desk.open()
    desk.after(seconds=1)

    assert (row_of(many[-1]).reason, row_of(newest).sent) == ("done", 0)


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

    assert row_of(delivery).last_seen_us == to_us(NOW + timedelta(seconds=16))


def test_the_last_of_it_is_written_when_the_process_ends() -> None:
    log = Deliveries(every_s=3_600)
    delivery = log.open(READER, form="ndjson", part="0/1", first=1)
    delivery.sent(7)
    delivery.close("shutdown")

    log.finish(10)

    assert (row_of(delivery).sent, row_of(delivery).reason) == (7, "shutdown")


def test_a_log_that_was_finished_begins_again_with_the_next_connection() -> None:
    log = Deliveries(every_s=3_600)
    log.start()
    log.finish(10)
    delivery = log.open(READER, form="ndjson", part="0/1", first=1)
    log.finish(10)

    assert row_of(delivery).first == 1
