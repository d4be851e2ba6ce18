"""A recording: every event as it travels, in one order, each once; a restore is never passed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.records import Recorded
from protocol.schemas import verification_v1_pb2 as v
from subscriber import (
    Handler,
    InlinePool,
    Recording,
    Runner,
    Store,
    StoreAway,
    Subscriber,
    Superseded,
    Undeclared,
    open_store,
    versions_of,
)
from subscriber.health import lag
from subscriber.rebuild import NeverAnew, Service, rebuild
from subscriber.source import Portion, Wanted
from tests.subscriber.makers import START, Bench, Journal, Said

STREAMS = ("verification.case",)


def keep(records: Sequence[Recorded], store: Store) -> None:
    for r in records:
        sql = "INSERT INTO kept (epoch, position, type, payload) VALUES (?, ?, ?, ?)"
        store.execute(sql, (r.epoch, r.position, r.type, r.payload))


def recorder(bench: Bench, append: Callable[[Sequence[Recorded], Store], None] = keep) -> Runner:
    bench.store.execute(
        "CREATE TABLE IF NOT EXISTS kept "
        "(n INTEGER PRIMARY KEY, epoch TEXT, position INT, type TEXT, payload BLOB)"
    )
    return bench.runner(Subscriber("r", STREAMS, (), recording=Recording(append)))


def kept(bench: Bench) -> list[tuple[str, int]]:
    rows = bench.store.execute("SELECT epoch, position FROM kept ORDER BY n")
    return [(str(epoch), int(position)) for epoch, position in rows]


def run(runner: Runner, steps: int = 5) -> None:
    for _ in range(steps):
        runner.step()


def numbered(epoch: str, *positions: int) -> list[tuple[str, int]]:
    return [(epoch, position) for position in positions]


def test_it_records_events_of_every_type_and_key_in_the_one_order(bench: Bench) -> None:
    bench.journal.submit("a", "b", "a")
    bench.journal.write(v.CaseWithdrawn(), "b")

    run(recorder(bench))

    assert kept(bench) == numbered("aaaaaaaa", 1, 2, 3, 4)


def test_a_type_that_this_build_does_not_know_is_recorded_as_bytes(bench: Bench) -> None:
    later = bench.journal.write(v.CaseSubmitted(by="client"))
    later.type, later.payload = "vouch.verification.v1.OfTomorrow", b"\xff\xff no message of ours"

    run(recorder(bench))

    assert bench.store.execute("SELECT type, payload FROM kept") == [(later.type, later.payload)]


def test_what_is_recorded_and_the_checkpoint_are_one_transaction(bench: Bench) -> None:
    def fails_late(records: Sequence[Recorded], store: Store) -> None:
        keep(records, store)
        raise KeyError("a mistake")

    bench.journal.submit("a", "b")

    with pytest.raises(KeyError):
        run(recorder(bench, fails_late))

    assert (kept(bench), bench.floor()) == ([], 0)
    assert bench.letters() == []


def test_a_database_that_is_away_is_waited_for(bench: Bench) -> None:
    away = [True]

    def sometimes(records: Sequence[Recorded], store: Store) -> None:
        if away.pop() if away else False:
            raise StoreAway("as the test says")
        keep(records, store)

    bench.journal.submit("a", "b")
    runner = recorder(bench, sometimes)

    while not kept(bench):
        runner.step()

    assert kept(bench) == numbered("aaaaaaaa", 1, 2)
    assert runner.counts("r").waits == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(written=st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_started_and_stopped_at_any_moment_it_records_each_event_once(
    tmp_path_factory: pytest.TempPathFactory, written: list[int]
) -> None:
    bench = Bench(tmp_path_factory.mktemp("bench"))
    with closing(bench.store):
        for count in written:
            bench.journal.submit(*(f"case-{n}" for n in range(count)))
            run(recorder(bench), 2)

        assert kept(bench) == numbered("aaaaaaaa", *range(1, sum(written) + 1))


def test_after_a_restore_it_goes_on_where_both_histories_part(bench: Bench) -> None:
    bench.journal.submit(*"abcd")
    run(recorder(bench))
    bench.journal.restore(2, "bbbbbbbb")
    bench.journal.submit(*"xyz")

    run(recorder(bench))

    assert kept(bench) == [*numbered("aaaaaaaa", 1, 2, 3, 4), *numbered("bbbbbbbb", 3, 4, 5)]


def test_a_restore_under_its_feet_is_gone_on_from_too(bench: Bench) -> None:
    runner = recorder(bench)
    bench.journal.submit(*"abcd")
    run(runner)
    bench.journal.restore(1, "bbbbbbbb")
    bench.journal.submit("x")

    run(runner)

    assert kept(bench) == [*numbered("aaaaaaaa", 1, 2, 3, 4), ("bbbbbbbb", 2)]


def test_a_restore_that_took_nothing_it_had_is_no_turning_back(bench: Bench) -> None:
    bench.journal.submit(*"ab")
    run(recorder(bench))
    bench.journal.restore(2, "bbbbbbbb")
    bench.journal.submit("x")

    run(recorder(bench))

    assert kept(bench) == [*numbered("aaaaaaaa", 1, 2), ("bbbbbbbb", 3)]
    assert bench.store.execute("SELECT epoch, floor FROM subscriber_checkpoint") == [("bbbbbbbb", 3)]


def test_of_a_restore_that_nobody_declared_it_records_nothing(bench: Bench) -> None:
    bench.journal.submit(*"abcd")
    run(recorder(bench))
    bench.journal.restore(2, bench.journal.epoch)
    bench.journal.submit(*"xyzuvw")
    for record in bench.journal.records[2:]:
        record.id = record.id[::-1]

    with pytest.raises(Undeclared, match=r"manage\.py journal restored"):
        run(recorder(bench))

    assert kept(bench) == numbered("aaaaaaaa", 1, 2, 3, 4)


def test_a_journal_that_has_become_shorter_is_not_recorded_from(bench: Bench) -> None:
    runner = recorder(bench)
    bench.journal.submit(*"abcd")
    run(runner)
    bench.journal.restore(2, bench.journal.epoch)

    with pytest.raises(Undeclared):
        run(runner)


def test_of_two_processes_the_one_started_last_records(bench: Bench) -> None:
    first, second = recorder(bench), recorder(bench)
    run(first)
    run(second)
    bench.journal.submit("a")
    run(second)

    with pytest.raises(Superseded):
        run(first)

    assert kept(bench) == numbered("aaaaaaaa", 1)


def test_its_lag_is_told_like_any_other(bench: Bench) -> None:
    bench.journal.submit(*"abc")
    runner = recorder(bench)

    before = lag(bench.store, "r", bench.journal, now=START).records
    run(runner)
    runner.settle()

    assert (before, lag(bench.store, "r", bench.journal, now=START).records) == (3, 0)


def test_what_was_recorded_is_never_made_anew(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = str(tmp_path_factory.mktemp("r") / "r.sqlite3")
    bench = Bench(tmp_path_factory.mktemp("bench"))
    service = Service(
        subscriber=Subscriber("r", STREAMS, (), recording=Recording(keep)),
        versions=versions_of(place),
        prepare=lambda _store: None,
        source=lambda: bench.journal,
    )

    with closing(bench.store), pytest.raises(NeverAnew, match="never made anew"):
        rebuild(service)


def test_a_recording_and_handlers_are_two_subscribers() -> None:
    handler = Handler((v.CaseSubmitted,), lambda *_: None)

    with pytest.raises(ValueError, match="another subscriber"):
        Subscriber("r", STREAMS, (handler,), recording=Recording(keep))


class Parts(Journal):
    """A journal that is dealt out in partitions."""

    streams = STREAMS

    def share(self, wanted: Wanted) -> Portion:
        """Give nothing."""
        return Portion(generation=wanted.generation, owned=frozenset())


def test_partitions_which_have_no_order_among_them_are_not_recorded_from(bench: Bench) -> None:
    subscriber = Subscriber("r", STREAMS, (), recording=Recording(keep))

    with pytest.raises(ValueError, match="one order"):
        Runner([subscriber], Parts(), bench.store, bench.emitter)


@pytest.mark.slow
def test_on_postgresql_it_records_the_same(place: str, bench: Bench) -> None:
    bench.journal.submit(*"abc")
    with closing(open_store(place)) as store:
        store.execute("CREATE TABLE kept (epoch TEXT, position INTEGER, type TEXT, payload BLOB)")
        subscriber = Subscriber("r", STREAMS, (), recording=Recording(keep))
        run(Runner([subscriber], bench.journal, store, Said(bench.store), pool=InlinePool()))

        found = store.execute("SELECT position FROM kept ORDER BY position")

    assert found == [(1,), (2,), (3,)]
