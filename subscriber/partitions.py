"""Which partition of its stream an event belongs to: Kafka's own arithmetic, so that every source agrees."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from protocol.catalogue import stream_named
from protocol.records import Recorded

__all__ = ["Partition", "murmur2", "number_of", "partition_of", "partitions_of", "shared_count"]

_SEED: Final = 0x9747B28C
_FACTOR: Final = 0x5BD1E995
_WORD: Final = 0xFFFFFFFF
_KEYS_KEPT: Final = 20_000


class Partition(NamedTuple):
    """One partition of a stream: where the order of its keys is kept."""

    stream: str
    number: int


def murmur2(data: bytes) -> int:
    """Hash bytes as Kafka's clients do (32 bits, unsigned; the Java client's value may be negative)."""
    hashed = _SEED ^ len(data)
    whole = len(data) - len(data) % 4
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * _FACTOR & _WORD
        word = (word ^ word >> 24) * _FACTOR & _WORD
        hashed = (hashed * _FACTOR & _WORD) ^ word
    if whole < len(data):
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _WORD
    hashed = (hashed ^ hashed >> 13) * _FACTOR & _WORD
    return hashed ^ hashed >> 15


@lru_cache(_KEYS_KEPT)
def number_of(key: str, count: int) -> int:
    """Give the partition, from 0 to `count` - 1, that a key lies in (`murmur2_random` with a key)."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % count


def partition_of(record: Recorded) -> Partition:
    """Find the partition an event belongs to, whatever it was read from.

    Raises:
        UnknownType: the catalogue has no such stream.
    """
    return Partition(record.stream, number_of(record.partition_key, stream_named(record.stream).partitions))


def partitions_of(streams: Iterable[str]) -> frozenset[Partition]:
    """List every partition of some streams."""
    return frozenset(Partition(name, n) for name in streams for n in range(stream_named(name).partitions))


def shared_count(streams: Iterable[str]) -> int:
    """Tell how many partitions each of some streams has; equal ones go to one member of a group.

    Raises:
        ValueError: they differ, so that a key's events would be spread over members.
    """
    counts = {name: stream_named(name).partitions for name in streams}
    if len(set(counts.values())) != 1:
        raise ValueError(f"streams followed by a group must have one partition count, not {counts}")
    return next(iter(counts.values()))
