"""The long kill test counts what it should: a sound run keeps every promise, each fault breaks its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.soak.counting import Asked, Fact, Left, Placed, Seen, claims, missing
from benchmarks.soak.messages import KEYS, STREAM, WRITERS, event_id, key_of, written_by
from protocol.catalogue import stream_named

_MESSAGES = 60
_HOME = "decisions.decision"


def _fact(position: int, name: str, key: str, keyseq: int, *, causation: str = "") -> Fact:
    stream = _HOME if causation else STREAM
    return Fact(position, name, "t", stream, key, keyseq, position, position, "aaaaaaaa", causation, 1, b"x")


def _sound() -> Left:
    """Make what a run leaves in which the relay repeated one event and one effect was left in doubt."""
    said = [(str(event_id(w, n)), key_of(w, n)) for w in WRITERS for n in range(written_by(w, _MESSAGES))]
    numbers: Counter[str] = Counter()
    journal: list[Fact] = []
    for name, key in said:
        for causation in ("", name):
            numbers[key] += 1
            journal.append(_fact(len(journal) + 1, name + causation, key, numbers[key], causation=causation))
    placed = [Placed(stream_named(fact.stream).topic, 0, fact) for fact in journal]
    return Left(
        messages=_MESSAGES,
        journal=journal,
        kafka=[*placed[:3], placed[2], *placed[3:]],
        seen=[Seen(fact.id, fact.key, fact.position) for fact in journal if not fact.causation],
        asked=[Asked(f"key-{n}", 1, n == 0) for n in range(_MESSAGES)],
        lines=[f"key-{n}" for n in range(1, _MESSAGES)],
    )


def _broken(left: Left) -> set[str]:
    return {claim.claim for claim in claims(left) if not claim.met}


_SOUND = _sound()
_FAULTS: dict[str, tuple[Left, set[str]]] = {
    "a message was never handled": (
        replace(_SOUND, seen=_SOUND.seen[1:]),
        {"messages lost"},
    ),
    "a message was handled twice": (
        replace(_SOUND, seen=[*_SOUND.seen, _SOUND.seen[-1]]),
        {"effects doubled", "places where the order of a key is broken"},
    ),
    "the wire has less than the journal": (
        replace(_SOUND, kafka=_SOUND.kafka[:-1]),
        {"events on which journal and Kafka differ"},
    ),
    "the wire has another payload": (
        replace(_SOUND, kafka=[p._replace(fact=p.fact._replace(payload=b"y")) for p in _SOUND.kafka]),
        {"events on which journal and Kafka differ"},
    ),
    "the wire reversed two events of a partition": (
        replace(_SOUND, kafka=[*_SOUND.kafka[:4], _SOUND.kafka[6], _SOUND.kafka[4], *_SOUND.kafka[5:]]),
        {"events on which journal and Kafka differ"},
    ),
    "the relay never had to repeat anything": (
        replace(_SOUND, kafka=[*_SOUND.kafka[:3], *_SOUND.kafka[4:]]),
        {"events doubled on the wire, and dropped by their position"},
    ),
    "an outside effect came twice and nobody had asked": (
        replace(_SOUND, lines=[*_SOUND.lines, "key-7"]),
        {"outside effects doubled in silence"},
    ),
    "an outside effect is missing and nobody is told": (
        replace(_SOUND, lines=_SOUND.lines[1:]),
        {"outside effects neither done nor listed as unknown"},
    ),
}


def test_a_sound_run_keeps_every_promise() -> None:
    assert _broken(_SOUND) == set()


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_fault_breaks_the_promise_it_is_about(fault: str) -> None:
    left, broken = _FAULTS[fault]

    assert _broken(left) == broken


@settings(deadline=None)
@given(st.integers(0, _MESSAGES - 1))
def test_whichever_event_is_lost_from_the_journal_is_named(number: int) -> None:
    lost = _SOUND.seen[number].event
    left = replace(_SOUND, journal=[fact for fact in _SOUND.journal if fact.id != lost])

    assert missing(left) == [lost]
    assert {"messages lost", "events on which journal and Kafka differ"} <= _broken(left)


@settings(deadline=None)
@given(st.integers(0, _MESSAGES - 1))
def test_whichever_emission_is_lost_or_doubled_is_counted(number: int) -> None:
    cause = _SOUND.seen[number].event
    own = next(fact for fact in _SOUND.journal if fact.causation == cause)
    twin = own._replace(id="another", position=len(_SOUND.journal) + 1, keyseq=1 << 40)

    without = replace(_SOUND, journal=[fact for fact in _SOUND.journal if fact is not own])
    twice = replace(_SOUND, journal=[*_SOUND.journal, twin])

    assert "emissions lost" in _broken(without)
    assert "emissions doubled" in _broken(twice)


def test_what_was_asked_again_may_have_happened_again() -> None:
    again = [one._replace(times=2) if one.key == "key-7" else one for one in _SOUND.asked]

    assert _broken(replace(_SOUND, asked=again, lines=[*_SOUND.lines, "key-7"])) == set()


def test_the_messages_are_all_different_and_over_all_keys() -> None:
    names = [(w, n) for w in WRITERS for n in range(written_by(w, 2_000))]

    assert len({event_id(*name) for name in names}) == 2_000
    assert len({key_of(*name) for name in names}) == KEYS
