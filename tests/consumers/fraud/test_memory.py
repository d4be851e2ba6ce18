"""The book is what the rows say: after a rollback, beside another process, and when somebody was erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.fraud import rows
from consumers.fraud.book import Opening, Shelf
from consumers.fraud.memory import Memory
from consumers.fraud.service import SPEC
from consumers.fraud.signals import Damaged, Kind, Signal, sealed
from protocol.catalogue import PersonalClass
from subscriber import SqliteStore, Store
from subscriber.opening import open_store
from tests.servers.running import fresh_database

KEYS = {f"a{n}": bytes([n + 1]) * 64 for n in range(4)}
STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["v1", "v2", "v3"]), st.booleans()), min_size=1, max_size=12
)


class _TakenBack(Exception):
    pass


def own_keys(applicants: Sequence[str], _personal: PersonalClass) -> dict[str, bytes]:
    """Give the keys of those that are there."""
    return {who: KEYS[who] for who in applicants if who in KEYS}


def opening(case: int) -> Opening:
    return Opening(f"case-{case}", Shelf("cl_1", True), f"a{case}", case)


def take(memory: Memory, store: Store, case: int, value: str) -> None:
    """Do what the service does with a signal, in the caller's transaction."""
    memory.catch_up(store.execute)
    one = opening(case)
    rows.add_case(store.execute, one)
    known = memory.book.open(one)
    signal = Signal(Kind.DEVICE, "e", value.encode())
    rows.keep_signals(store.execute, one.case, one.applicant, [sealed(signal, one.case, KEYS[one.applicant])])
    memory.book.put(known, signal)
    memory.in_step(rows.add_change(store.execute, f"{case}-{value}", one.case))


def contents(memory: Memory, store: Store) -> dict[str, list[bytes]]:
    """Give what the book has, once it is right."""
    with store.transaction():
        memory.catch_up(store.execute)
    known = (memory.book.case(f"case-{n}") for n in range(4))
    return {one.opening.case: one.values(Kind.DEVICE) for one in known if one is not None}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(SqliteStore(tmp_path / "fraud.sqlite3")) as store:
        SPEC.prepare(store)
        yield store


@given(steps=STEPS)
@settings(deadline=None, max_examples=40)
def test_whatever_is_taken_back_the_book_is_what_the_rows_are(
    steps: list[tuple[int, str, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with closing(SqliteStore(tmp_path_factory.mktemp("fraud") / "fraud.sqlite3")) as store:
        SPEC.prepare(store)
        memory, wanted = Memory(own_keys), dict[str, list[bytes]]()
        for case, value, stays in steps:
            with suppress(_TakenBack), store.transaction():
                take(memory, store, case, value)
                if not stays:
                    raise _TakenBack
            if stays:
                wanted[f"case-{case}"] = [value.encode()]

        assert contents(memory, store) == wanted
        assert contents(Memory(own_keys), store) == wanted


@pytest.mark.parametrize("where", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_two_processes_on_one_database_know_what_the_other_took(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = str(tmp_path / "fraud.sqlite3")
    place = file if where == "sqlite" else fresh_database(request.getfixturevalue("postgres"))
    with closing(open_store(place)) as one, closing(open_store(place)) as other:
        SPEC.prepare(one)
        ours, theirs = Memory(own_keys), Memory(own_keys)
        for n in range(6):
            memory, store = ((ours, one), (theirs, other))[n % 2]
            with store.transaction():
                take(memory, store, n % 4, f"v{n}")

        assert contents(ours, one) == contents(theirs, other) == contents(Memory(own_keys), one)
        assert contents(ours, one)["case-1"] == [b"v5"]


def test_of_whoever_has_no_key_any_more_nothing_is_left(store: Store) -> None:
    memory = Memory(own_keys)
    with store.transaction():
        take(memory, store, 1, "v1")
        take(memory, store, 2, "v2")

    def without(applicants: Sequence[str], _personal: PersonalClass) -> dict[str, bytes]:
        return {who: KEYS[who] for who in applicants if who != "a1"}

    assert contents(Memory(without), store) == {"case-1": [], "case-2": [b"v2"]}
    assert store.execute("SELECT applicant FROM fraud_signal") == [("a2",)]


def test_a_row_that_was_moved_to_another_case_is_not_believed(store: Store) -> None:
    memory = Memory(own_keys)
    with store.transaction():
        take(memory, store, 1, "v1")
    store.execute("UPDATE fraud_signal SET source = 'another'")

    with pytest.raises(Damaged, match="replay"), store.transaction():
        Memory(own_keys).catch_up(store.execute)


def test_keys_that_are_away_while_a_case_is_read_again_leave_it_to_the_next_time(store: Store) -> None:
    away = False

    def sometimes(applicants: Sequence[str], personal: PersonalClass) -> dict[str, bytes]:
        if away:
            raise ConnectionError
        return own_keys(applicants, personal)

    memory = Memory(sometimes)
    for case in (1, 2):
        with store.transaction():
            take(memory, store, case, "v1")
    with suppress(_TakenBack), store.transaction():
        take(memory, store, 1, "v2")
        raise _TakenBack
    away = True
    with pytest.raises(ConnectionError), store.transaction():
        memory.catch_up(store.execute)
    away = False

    assert contents(memory, store) == {"case-1": [b"v1"], "case-2": [b"v1"]}


def test_a_key_store_that_is_away_leaves_the_book_to_be_made_later(store: Store) -> None:
    with store.transaction():
        take(Memory(own_keys), store, 1, "v1")
    away = True

    def sometimes(applicants: Sequence[str], personal: PersonalClass) -> dict[str, bytes]:
        if away:
            raise ConnectionError
        return own_keys(applicants, personal)

    memory = Memory(sometimes)
    with pytest.raises(ConnectionError), store.transaction():
        memory.catch_up(store.execute)
    away = False

    assert contents(memory, store) == {"case-1": [b"v1"]}
