"""The log of the product's real journal, through its real door: after a restore, and after an erasure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from consumers.audit.comparing import differing
from consumers.audit.entries import Kind
from consumers.audit.heads import event_of
from consumers.audit.log import append, entries
from consumers.audit.streams import FOLLOWED
from consumers.audit.verifying import check, walked
from events.door.services import issue_service_keys
from events.epochs import declare_restored
from events.errors import Erased
from events.journal import after, head
from events.keys import destroy_key
from protocol.catalogue import PersonalClass
from subscriber import HttpDoor, HttpJournalSource, Outbox, Recording, Runner, Store, Subscriber
from tests.consumers.audit.makers import KEY, head_of, opened_log, publisher
from tests.contracts.door import Door
from tests.events.makers import NOW, opened, received, submitted
from tests.restoring import put_back
from tests.sequencing import say

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.sequenced]


class Log:
    """A log in a file, kept by a runner that reads through the door."""

    def __init__(self, store: Store, door: Door) -> None:
        key = issue_service_keys(["audit"])["audit"]
        self.store = store
        self.source = HttpJournalSource(door.url, key, FOLLOWED)
        subscriber = Subscriber("audit", FOLLOWED, (), recording=Recording(append))
        self.home = HttpDoor(door.url, key)
        outbox = Outbox(store, self.home, source="audit")
        self._runner = Runner([subscriber], self.source, store, outbox)

    def follow(self) -> None:
        """Record until the journal's end, in whatever epoch it is."""
        end = head()
        self.until(lambda: self.last == (end.epoch, end.position))

    def until(self, done: Callable[[], bool]) -> None:
        """Run until something holds."""
        until_s = time.monotonic() + 20
        while not done():
            assert time.monotonic() < until_s, "it never came to that"
            if not self._runner.step():
                time.sleep(0.002)

    @property
    def last(self) -> tuple[str, int] | None:
        kept = list(entries(self.store))
        return (kept[-1].entry.epoch, kept[-1].entry.position) if kept else None


@contextmanager
def following(folder: Path, door: Door) -> Iterator[Log]:
    with opened_log(folder / "audit.sqlite3") as store:
        log = Log(store, door)
        with closing(log.source), closing(log.home):
            yield log


def test_after_an_erasure_the_log_is_still_whole_and_what_the_journal_has(door: Door, tmp_path: Path) -> None:
    say([opened(), received(), submitted()])
    with following(tmp_path, door) as log:
        log.follow()
        published = head_of(list(entries(log.store))[-1])

        for personal in PersonalClass:
            destroy_key("applicant-1", personal, now=NOW)

        with pytest.raises(Erased):
            say([opened()])
        assert check(entries(log.store), [published], KEY.public).proven == 3
        assert differing(log.store, log.source) == (3, 0)


def test_nothing_personal_is_in_the_log(door: Door, tmp_path: Path) -> None:
    say([opened(name="Ada"), received()])
    with following(tmp_path, door) as log:
        log.follow()

    written = (tmp_path / "audit.sqlite3").read_bytes() + _wal(tmp_path)
    assert b"applicant-1" in written
    assert not any(word in written for word in (b"Ada", b"Lovelace", b"ada@example.org", b"\1" * 32))


def _wal(folder: Path) -> bytes:
    wal = folder / "audit.sqlite3-wal"
    return wal.read_bytes() if wal.exists() else b""


@pytest.mark.parametrize("how", ["stopped", "running"])
def test_a_restore_of_the_journal_is_told_in_the_log_which_goes_on(
    door: Door, tmp_path: Path, how: str
) -> None:
    say([submitted(f"case-{n}") for n in range(5)])
    with following(tmp_path, door) as log:
        log.follow()
        if how == "running":
            _restore(2)
            log.follow()
    if how == "stopped":
        _restore(2)

    with following(tmp_path, door) as log:
        log.follow()
        told = [(kept.entry.kind, kept.entry.position) for kept in walked(entries(log.store))]
        confirmed = differing(log.store, log.source)

    assert told == [
        *((Kind.EVENT, n) for n in range(1, 6)),
        (Kind.EPOCH, 2),
        *((Kind.EVENT, n) for n in (3, 4, 5)),
    ]
    assert confirmed == (5, 3)


def _restore(position: int) -> None:
    """Put the journal back, say so, and let it grow again to where it was."""
    put_back(position)
    declare_restored()
    say([submitted(f"other-{n}") for n in range(3)])


def test_a_head_goes_home_through_the_door_and_into_the_log(door: Door, tmp_path: Path) -> None:
    say([submitted()])
    with following(tmp_path, door) as log:
        log.follow()
        published = publisher(log.store, tmp_path).publish(NOW)
        log.until(lambda: head().position == 2)
        log.follow()

    (event,) = after(1)
    assert published is not None
    assert event.message == event_of(published)
    assert log_has(tmp_path, 2)


def log_has(folder: Path, position: int) -> bool:
    with opened_log(folder / "audit.sqlite3") as store:
        return [kept.entry.position for kept in walked(entries(store))][-1] == position
