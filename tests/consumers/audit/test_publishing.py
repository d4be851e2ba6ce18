"""Heads: signed, kept in a file, said to everybody, and silent when nothing has happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.audit.errors import WrongFile, WrongKey
from consumers.audit.files import HeadsFile
from consumers.audit.heads import event_of, holds
from consumers.audit.keys import kept_key, read_key
from consumers.audit.lines import head_line, read_head
from consumers.audit.log import append
from consumers.audit.settings import signing_key
from protocol.schemas.audit_v1_pb2 import HeadPublished
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Store
from subscriber.serving import ServiceSettings
from tests.consumers.audit.makers import KEY, head_of, log_of, opened_log, publisher, record

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened_log(tmp_path / "audit.sqlite3") as store:
        yield store


def put(store: Store, *records: Record) -> None:
    with store.transaction():
        append(records, store)


def said(store: Store) -> list[Record]:
    rows = store.execute("SELECT record FROM subscriber_outbox ORDER BY number")
    return [Record.FromString(bytes(data)) for (data,) in rows]


def come_home(position: int) -> Record:
    return record(position, type="vouch.audit.v1.HeadPublished", stream="audit.head")


def test_a_head_says_how_the_log_stands_and_is_signed(store: Store, tmp_path: Path) -> None:
    put(store, record(1), record(2))

    head = publisher(store, tmp_path).publish(NOW)

    assert head is not None
    assert (head.entries, head.hash, head.position) == (2, log_of([record(1), record(2)])[1].hash, 2)
    assert holds(head, KEY.public)
    assert HeadsFile(tmp_path / "heads.jsonl").all() == [head]


def test_everybody_is_told_of_a_head_in_an_event_of_its_own(store: Store, tmp_path: Path) -> None:
    put(store, record(1))

    head = publisher(store, tmp_path).publish(NOW)

    (event,) = said(store)
    assert head is not None
    assert HeadPublished.FromString(event.payload) == event_of(head)
    assert (event.subject, event.client) == ("audit", "vouch")


def test_an_empty_log_has_no_head(store: Store, tmp_path: Path) -> None:
    assert publisher(store, tmp_path).publish(NOW) is None


def test_when_nothing_but_heads_has_come_there_is_no_new_one(store: Store, tmp_path: Path) -> None:
    heads = publisher(store, tmp_path)
    put(store, record(1))
    first = heads.publish(NOW)
    put(store, come_home(2))

    silent = heads.publish(LATER)
    put(store, record(3))
    third = heads.publish(LATER)

    assert (first is None, silent, third is None) == (False, None, False)
    assert [head.entries for head in HeadsFile(tmp_path / "heads.jsonl").all()] == [1, 3]


def test_a_crash_after_the_file_was_written_is_made_good_at_the_next_start(
    store: Store, tmp_path: Path
) -> None:
    put(store, record(1))
    publisher(store, tmp_path).publish(NOW)
    (before,) = said(store)
    store.execute("DELETE FROM subscriber_outbox")

    publisher(store, tmp_path).say_again(LATER)

    (again,) = said(store)
    assert (again.id, again.payload) == (before.id, before.payload)


def test_a_line_that_a_crash_cut_off_is_written_anew(store: Store, tmp_path: Path) -> None:
    put(store, record(1))
    heads = publisher(store, tmp_path)
    heads.publish(NOW)
    with (tmp_path / "heads.jsonl").open("a") as file:
        file.write('{"entries":2,"ha')
    put(store, record(2))

    heads.publish(LATER)

    assert [head.entries for head in HeadsFile(tmp_path / "heads.jsonl").all()] == [1, 2]


def test_a_log_made_anew_publishes_nothing_until_it_has_come_so_far_again(tmp_path: Path) -> None:
    with opened_log(tmp_path / "lost.sqlite3") as lost:
        put(lost, record(1), record(2))
        publisher(lost, tmp_path).publish(NOW)

    with opened_log(tmp_path / "new.sqlite3") as new:
        put(new, record(1))
        early = publisher(new, tmp_path).publish(LATER)
        put(new, record(2), record(3))
        late = publisher(new, tmp_path).publish(LATER)

    assert early is None
    assert late is not None
    assert late.entries == 3


def test_a_log_that_is_not_the_one_whose_heads_were_published_publishes_none(tmp_path: Path) -> None:
    with opened_log(tmp_path / "lost.sqlite3") as lost:
        put(lost, record(1), record(2))
        publisher(lost, tmp_path).publish(NOW)

    with opened_log(tmp_path / "other.sqlite3") as other:
        put(other, record(1), record(2, payload=b"other"), record(3))
        heads = publisher(other, tmp_path)
        heads.say_again(LATER)

        assert heads.publish(LATER) is None
        assert said(other) == []


@settings(deadline=None)
@given(entries=st.integers(0, 1 << 60), hash_=st.binary(min_size=32, max_size=32), epoch=st.text(max_size=9))
def test_a_head_is_read_as_it_was_written(entries: int, hash_: bytes, epoch: str) -> None:
    head = head_of(log_of([record(1)])[0])._replace(entries=entries, hash=hash_, epoch=epoch)

    assert read_head(head_line(head)) == head


@pytest.mark.parametrize("line", ["", "x", "[]", "{}", '{"entries":"1"}'])
def test_what_is_no_head_is_refused_by_the_name_of_its_file(tmp_path: Path, line: str) -> None:
    (tmp_path / "heads.jsonl").write_text(f"{line}\n")

    with pytest.raises(WrongFile, match=r"heads\.jsonl has a line that is no head"):
        HeadsFile(tmp_path / "heads.jsonl").all()


def test_a_key_is_made_once_for_this_account_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "signing.key"

    first, again = kept_key(path), kept_key(path)

    assert first.public == again.public
    assert (path.stat().st_mode & 0o777, [p.name for p in path.parent.iterdir()]) == (0o600, ["signing.key"])


def test_a_key_may_be_given_by_the_environment(tmp_path: Path) -> None:
    settings = ServiceSettings("audit", tmp_path)

    found = signing_key(settings, {"VOUCH_AUDIT_KEY": (b"k" * 32).hex()})

    assert found.public == KEY.public
    assert not settings.folder.exists()


@pytest.mark.parametrize("text", ["", "secret", "ab" * 31])
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(WrongKey, match="VOUCH_AUDIT_KEY does not hold") as said:
        read_key(text, "VOUCH_AUDIT_KEY")

    assert not text or text not in str(said.value)
