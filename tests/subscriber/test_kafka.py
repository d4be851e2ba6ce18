"""A subscriber on a real Kafka: history and hand-over, rebalances, strays, a broker that goes and comes."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.cimpl import NewTopic

from protocol.catalogue import stream_named
from protocol.cloudevents import to_headers
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Handler, Superseded, WrongLog
from subscriber.kafka.ends import Ends
from subscriber.partitions import partitions_of
from tests.servers.kafka import Cluster
from tests.subscriber.groups import (
    QUICK,
    STREAMS,
    Process,
    all_seen,
    by_key,
    expected,
    of_today,
    running,
    until,
    write,
)
from tests.subscriber.makers import Bench, says
from tests.subscriber.test_work import ByHand
from tests.subscriber.wire import Carrier, make_topics

pytestmark = pytest.mark.slow


def test_history_then_kafka_without_a_gap_and_nothing_twice(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    write(bench, 300)
    carrier.carry()
    with running(bench, topics) as processes:
        until(processes, lambda: all_seen(bench) and processes[0].source.by_log)
        write(bench, 300)
        carrier.carry(again=150)
        until(processes, lambda: all_seen(bench))

    assert by_key(bench) == expected(bench)
    assert set(bench.journal.reads) == {0}


def test_a_restart_seeks_by_time_and_drops_what_was_passed(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    write(bench, 200)
    carrier.carry()
    with running(bench, topics) as processes:
        until(processes, lambda: all_seen(bench) and processes[0].source.by_log)
        write(bench, 200)
        carrier.carry()
        until(processes, lambda: all_seen(bench))
    write(bench, 200)
    carrier.carry()
    bench.journal.reads.clear()

    with running(bench, topics) as processes:
        until(processes, lambda: all_seen(bench))

    assert by_key(bench) == expected(bench)
    assert bench.journal.reads == []


def test_a_second_process_takes_its_share_and_gives_it_back(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    with running(bench, topics) as first:
        until(first, lambda: first[0].source.by_log)
        with running(bench, topics) as second:
            both = [*first, *second]
            until(both, lambda: all(p.owned == 8 for p in both))
            write(bench, 300)
            carrier.carry()
            until(both, lambda: all_seen(bench))
            shares = [p.runner.counts("s").handled for p in both]
        write(bench, 100)
        carrier.carry()
        until(first, lambda: all_seen(bench))

    assert by_key(bench) == expected(bench)
    assert min(shares) > 0


def test_a_silent_broker_is_replaced_by_the_journal_and_found_again(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    write(bench, 50)
    carrier.carry()
    with running(bench, topics) as processes:
        until(processes, lambda: all_seen(bench) and processes[0].source.by_log)
        topics.server.kill(1)
        try:
            write(bench, 50)
            began_s = time.monotonic()
            until(processes, lambda: all_seen(bench))
            took_s = time.monotonic() - began_s
        finally:
            topics.server.revive(1)
        until(processes, lambda: processes[0].source.by_log)
        write(bench, 50)
        carrier.carry()
        until(processes, lambda: all_seen(bench))

    assert by_key(bench) == expected(bench)
    assert took_s < 30


@pytest.mark.parametrize("marks", [0, 1])
def test_what_kafka_no_longer_keeps_is_read_from_the_journal(
    bench: Bench, topics: Cluster, carrier: Carrier, marks: int
) -> None:
    """`marks`: how much of each partition stays; its last record is no event but a transaction's end."""
    write(bench, 100)
    carrier.carry()
    with running(bench, topics) as processes:
        until(processes, lambda: all_seen(bench) and processes[0].source.by_log)
    write(bench, 100)
    carrier.carry()
    gone = [
        TopicPartition(stream_named(p.stream).topic, p.number, max(0, end - marks))
        for p, end in Ends(topics.config, STREAMS).get(partitions_of(STREAMS)).items()
    ]
    for answer in topics.admin.delete_records(gone).values():
        answer.result(20)

    with running(bench, topics) as processes:
        until(processes, lambda: all_seen(bench))
        write(bench, 20)
        carrier.carry()
        until(processes, lambda: all_seen(bench))

    assert by_key(bench) == expected(bench)


def test_bytes_that_are_no_event_keep_their_place_in_a_row(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    with running(bench, topics) as processes:
        until(processes, lambda: processes[0].source.by_log)
        carrier.throw("verification.case.v1", b"\xff\0not ours", headers=[("h", b"x")], key=b"k")
        write(bench, 3)
        carrier.carry()
        until(processes, lambda: all_seen(bench) and processes[0].runner.counts("s").strays == 1)

    ((topic, value, headers),) = bench.store.execute("SELECT topic, value, headers FROM subscriber_stray")
    assert (topic, value, headers) == ("verification.case.v1", b"\xff\0not ours", '[["h", "x"]]')


def test_a_full_reader_pauses_keeps_its_partitions_and_goes_on(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    pool = ByHand()
    handler = Handler((v.CaseSubmitted,), says, gather=lambda e, _ctx: e.envelope.position, work=str)
    process = Process(bench, topics, bench.subscriber(handler), pool)
    until([process], lambda: process.source.by_log)
    write(bench, 1_500, keys=1_500)
    carrier.carry()
    until([process], lambda: len(pool.waiting) == 1_000)
    for _ in range(500):
        process.runner.step()
    full = len(pool.waiting)

    def finish_all() -> bool:
        for future in list(pool.waiting.values()):
            if not future.done():
                future.set_result("done")
        return all_seen(bench)

    until([process], finish_all)
    process.end()

    assert full == 1_000
    assert by_key(bench) == expected(bench)


def test_the_lag_is_told_in_records_and_seconds(bench: Bench, topics: Cluster, carrier: Carrier) -> None:
    write(bench, 40)
    with running(bench, topics) as processes:
        log = processes[0].log
        until(processes, lambda: processes[0].source.by_log and log.silent_s() < 1)
        carrier.carry()
        until(processes, lambda: log.lag.records == 0 and log._reading.highest.position == 40)
        caught_up = log.lag

    assert (caught_up.records, caught_up.seconds) == (0, 0.0)


def test_a_topic_with_another_partition_count_is_refused(bench: Bench, empty_kafka: Cluster) -> None:
    for name, count in (("verification.case.v1", 8), ("verification.partial.v1", 3)):
        empty_kafka.admin.create_topics([NewTopic(name, count, 1)])[name].result(20)

    with running(bench, empty_kafka) as processes, pytest.raises(WrongLog, match="has 3 partitions"):
        until(processes, lambda: False)


def test_without_topics_the_journal_is_read_until_they_come(bench: Bench, empty_kafka: Cluster) -> None:
    write(of_today(bench), 5)
    with running(bench, empty_kafka) as processes:
        until(processes, lambda: all_seen(bench))
        make_topics(empty_kafka, STREAMS)
        Carrier(empty_kafka, bench.journal, STREAMS).carry()
        until(processes, lambda: processes[0].source.by_log and processes[0].owned == 16)
        write(bench, 5)
        Carrier(empty_kafka, bench.journal, STREAMS).carry()

        until(processes, lambda: all_seen(bench))

    assert by_key(bench) == expected(bench)


def test_another_partitioner_is_noticed_at_once(bench: Bench, topics: Cluster, carrier: Carrier) -> None:
    record = bench.journal.write(v.CaseSubmitted(), "case-1")
    with running(bench, topics) as processes:
        until(processes, lambda: processes[0].source.by_log)
        for key in (b"a", b"b", b"c", b"d"):
            carrier.throw("verification.case.v1", record.payload, headers=to_headers(record), key=key)

        with pytest.raises(WrongLog, match="another partitioner"):
            until(processes, lambda: False)


def test_a_process_whose_name_another_one_took_is_told_to_end(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    write(bench, 50)
    carrier.carry()
    named = {**QUICK, "group.instance.id": "1"}
    first = Process(bench, topics, options=named)
    until([first], lambda: all_seen(bench) and first.source.by_log)
    second = Process(bench, topics, options=named)

    with pytest.raises(Superseded, match="no longer"):
        until([first, second], lambda: False)

    first.log.close()
    second.end()
