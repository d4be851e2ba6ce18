"""A key lies in the partition that Kafka's own clients put it in."""

from __future__ import annotations

import pytest

from protocol.catalogue import STREAMS
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.partitions import Partition, murmur2, number_of, partition_of, partitions_of, shared_count

# Published with the Java client (its test of the hash), signed there.
VECTORS = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
}


@pytest.mark.parametrize("text", VECTORS)
def test_the_hash_is_the_java_clients_own(text: str) -> None:
    assert murmur2(text.encode()) == VECTORS[text] % (1 << 32)


def test_a_hash_with_its_highest_bit_set_still_gives_a_partition() -> None:
    assert number_of("21", 8) == (-973932308 & 0x7FFFFFFF) % 8


def test_every_source_finds_the_same_partition_of_an_event() -> None:
    record = Record(stream="verification.case", partition_key="abc")

    assert partition_of(record) == Partition("verification.case", 479470107 % 8)


def test_every_partition_of_a_stream_is_listed() -> None:
    assert len(partitions_of(["verification.case", "verification.partial"])) == 16


def test_streams_of_one_key_have_one_partition_count() -> None:
    by_case = [stream.name for stream in STREAMS if stream.key == "case"]

    assert shared_count(by_case) == 8
