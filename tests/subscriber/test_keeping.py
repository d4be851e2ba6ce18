"""What a handler keeps to the end of its transaction is written once, or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.envelope import Event, from_record
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Subscriber
from subscriber.context import EventCause
from subscriber.ledger import Ledger
from tests.subscriber.makers import START, Bench

SUBJECTS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=20)


class Tally:
    """Counts the events of each subject in a row of its own; some subjects' cannot be handled."""

    def __init__(self, bench: Bench, broken: Sequence[str] = ()) -> None:
        self.bench, self.broken, self.writes = bench, broken, 0
        bench.store.execute("CREATE TABLE tally (subject TEXT PRIMARY KEY, events INT)")

    def subscriber(self) -> Subscriber:
        return self.bench.subscriber(Handler((v.CaseSubmitted,), self.count))

    def count(self, event: Event, value: object, ctx: Context) -> None:
        """Count one event."""
        subject = event.envelope.subject
        kept = ctx.kept(subject)
        events = 1 + (kept if isinstance(kept, int) else self.rows(ctx).get(subject, 0))
        ctx.keep(subject, events, lambda: self.write(subject, events, ctx))
        if subject in self.broken:
            raise ValueError(subject)

    def write(self, subject: str, events: int, ctx: Context) -> None:
        """Write a subject's row."""
        self.writes += 1
        ctx.execute(
            "INSERT INTO tally VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET events = excluded.events",
            (subject, events),
        )

    def rows(self, asked: Context | None = None) -> dict[str, int]:
        """Read all rows."""
        execute = self.bench.store.execute if asked is None else asked.execute
        return {str(subject): int(events) for subject, events in execute("SELECT * FROM tally")}


@given(
    batches=st.lists(SUBJECTS, min_size=1, max_size=3), broken=st.sets(st.sampled_from("abcd"), max_size=1)
)
@settings(deadline=None, max_examples=30)
def test_what_is_kept_to_the_end_makes_the_same_rows_as_what_is_written_at_once(
    batches: list[list[str]], broken: set[str]
) -> None:
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        tally = Tally(bench, sorted(broken))
        runner = bench.runner(tally.subscriber())
        for batch in batches:
            bench.journal.submit(*batch)
            runner.step()

    expected = Counter(subject for batch in batches for subject in batch if subject not in broken)
    assert tally.rows() == expected


def test_events_that_come_together_are_written_once_for_each_subject(bench: Bench) -> None:
    tally = Tally(bench)
    bench.journal.submit("a", "b", "a", "a", "b")

    bench.runner(tally.subscriber()).step()

    assert tally.rows() == {"a": 3, "b": 2}
    assert tally.writes == 2


def test_what_fails_at_the_end_is_tried_by_itself_and_holds_nobody_up(bench: Bench) -> None:
    tally = Tally(bench)
    bench.store.execute(
        "CREATE TRIGGER no_b BEFORE INSERT ON tally WHEN NEW.subject = 'b' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    bench.journal.submit("a", "b", "a")

    bench.runner(tally.subscriber()).step()

    assert tally.rows() == {"a": 2}


def test_without_a_follower_s_transaction_it_is_written_at_once(bench: Bench) -> None:
    tally = Tally(bench)
    bench.journal.submit("a")
    event = from_record(bench.journal.records[0])
    ctx = Context(EventCause(event, "s"), Ledger(bench.store, "s"), START)

    tally.count(event, None, ctx)

    assert ctx.kept("a") is None
    assert tally.rows() == {"a": 1}
