"""A log that is whole passes; whatever is done to it, or to its heads, is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from consumers.audit.entries import FIELDS, START, Entry, chained
from consumers.audit.errors import Fault, WrongFile
from consumers.audit.heads import Head
from consumers.audit.keys import SigningKey
from consumers.audit.lines import HEADER, read_line
from consumers.audit.log import Kept
from consumers.audit.verifying import Checked, check
from tests.consumers.audit.makers import KEY, export_of, head_of, log_of, logs, read_back, record

Lines = list[str]


def verified(text: str, heads: Sequence[Head]) -> Checked:
    return check(read_back(text), heads, KEY.public)


@settings(deadline=None)
@given(log=logs(), data=st.data())
def test_a_whole_log_passes_with_any_of_its_heads(log: list[Kept], data: st.DataObject) -> None:
    at = data.draw(st.lists(st.sampled_from(log), unique=True))

    done = verified(export_of(log), [head_of(kept) for kept in at])

    assert done == Checked(len(log), max((kept.entry.number for kept in at), default=0))


@settings(deadline=None)
@given(log=logs())
def test_an_entry_is_read_as_it_was_written(log: list[Kept]) -> None:
    assert list(read_back(export_of(log))) == log


def _edited(lines: Lines, at: int, data: st.DataObject) -> None:
    member = data.draw(st.sampled_from([*FIELDS, "hash"]))
    found = json.loads(lines[at])
    other = st.integers() if isinstance(found[member], int) else st.text(max_size=40)
    found[member] = data.draw(other)
    lines[at] = json.dumps(found, separators=(",", ":"))


def _letter_changed(lines: Lines, at: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(lines[at]) - 1))
    letter = data.draw(st.characters(max_codepoint=126, min_codepoint=32))
    lines[at] = lines[at][:place] + letter + lines[at][place + 1 :]


def _deleted(lines: Lines, at: int, _data: st.DataObject) -> None:
    del lines[at]


def _doubled(lines: Lines, at: int, _data: st.DataObject) -> None:
    lines.insert(at, lines[at])


def _swapped(lines: Lines, at: int, data: st.DataObject) -> None:
    other = data.draw(st.integers(1, len(lines) - 1))
    lines[at], lines[other] = lines[other], lines[at]


def _put_in(lines: Lines, at: int, data: st.DataObject) -> None:
    lines.insert(at, data.draw(st.sampled_from(["", "{}", "[]", "null", HEADER, lines[-1]])))


def _cut(lines: Lines, at: int, _data: st.DataObject) -> None:
    del lines[at:]


Doing = Callable[[Lines, int, st.DataObject], None]


@pytest.mark.parametrize("do", [_edited, _letter_changed, _deleted, _doubled, _swapped, _put_in, _cut])
@settings(deadline=None)
@given(log=logs(), data=st.data())
def test_one_change_of_an_export_is_found(do: Doing, log: list[Kept], data: st.DataObject) -> None:
    whole = export_of(log)
    lines = whole.splitlines()
    do(lines, data.draw(st.integers(1, len(log))), data)
    changed = "".join(f"{line}\n" for line in lines)
    assume(changed != whole)

    with pytest.raises(Fault):
        verified(changed, [head_of(log[-1])])


@settings(deadline=None)
@given(log=logs(), data=st.data())
def test_an_export_cut_off_anywhere_is_found(log: list[Kept], data: st.DataObject) -> None:
    whole = export_of(log)
    left = data.draw(st.integers(0, len(whole) - 1))

    with pytest.raises((Fault, WrongFile)):
        verified(whole[:left], [head_of(log[-1])])


@settings(deadline=None)
@given(log=logs(), data=st.data())
def test_a_log_made_to_fit_itself_again_after_an_edit_does_not_fit_its_heads(
    log: list[Kept], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(log) - 1))
    heads = [head_of(log[n]) for n in {len(log) - 1, data.draw(st.integers(0, len(log) - 1))}]
    entry = log[at].entry._replace(source="somebody else")
    again = _chained_anew([*(k.entry for k in log[:at]), entry, *(k.entry for k in log[at + 1 :])])

    with pytest.raises(Fault, match="made to fit itself again") as found:
        verified(export_of(again), heads)

    assert found.value.entry <= at + 1


def _chained_anew(entries: Sequence[Entry]) -> list[Kept]:
    hash_ = START
    return [Kept(entry, hash_ := chained(hash_, entry)) for entry in entries]


@settings(deadline=None)
@given(log=logs(), data=st.data())
def test_a_head_that_was_changed_is_found(log: list[Kept], data: st.DataObject) -> None:
    head = head_of(log[-1])
    member = data.draw(st.sampled_from(Head._fields))
    value = getattr(head, member)
    other = data.draw({int: st.integers(0, 1 << 50), str: st.text(), bytes: st.binary()}[type(value)])
    assume(other != value)

    with pytest.raises(Fault, match="forged"):
        verified(export_of(log), [Head(**{**head._asdict(), member: other})])


def test_a_head_of_somebody_elses_key_is_forged() -> None:
    log = log_of([record(1)])

    with pytest.raises(Fault, match="forged"):
        verified(export_of(log), [head_of(log[-1], SigningKey(b"x" * 32))])


def test_the_first_entry_that_shows_it_is_named() -> None:
    log = log_of([record(n) for n in range(1, 10)])
    lines = export_of(log).splitlines(keepends=True)
    lines[5] = lines[5].replace("case-1", "case-2")

    with pytest.raises(Fault, match="edited") as found:
        verified("".join(lines), [])

    assert found.value.entry == 5


def test_a_log_that_ends_before_a_published_head_was_cut_short() -> None:
    log = log_of([record(n) for n in range(1, 10)])

    with pytest.raises(Fault, match="published head says that it had 9 entries") as found:
        verified(export_of(log[:6]), [head_of(log[3]), head_of(log[8])])

    assert found.value.entry == 7


def test_entries_after_the_newest_head_are_not_called_proven() -> None:
    log = log_of([record(n) for n in range(1, 10)])

    assert verified(export_of(log), [head_of(log[5])]) == Checked(entries=9, proven=6)


def test_any_program_can_do_it_by_the_letter_of_the_format() -> None:
    hash_ = bytes(32)
    lines = export_of(log_of([record(1, subject="Zoë"), record(2), record(2, epoch="bbbbbbbb")])).splitlines()

    for line in lines[1:]:
        *values, said = json.loads(line).values()
        texts = [str(value).encode() for value in values]
        written = b"".join(str(len(text)).encode() + b":" + text + b"," for text in texts)
        hash_ = sha256(b"vouch.audit.entry.v1\n" + hash_ + written).digest()
        assert hash_.hex() == said

    assert len(lines) == 5


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "1" * 5000, "[" * 100_000, '{"number":true}', '{"number":1.0}']
)
def test_what_is_no_entry_is_refused(line: str) -> None:
    with pytest.raises(WrongFile):
        read_line(line)


@pytest.mark.parametrize(
    ("letters", "others"),
    [(",", ", "), ("}", ',"more":1}'), ("abcdef", "ABCDEF"), ('"number":1', '"number":01')],
)
def test_an_entry_has_one_spelling(letters: str, others: str) -> None:
    entry = log_of([record(1, subject="abc")])[0]._replace(hash=bytes.fromhex("abcdef" * 10 + "0000"))
    line = export_of([entry]).splitlines()[1]

    assert read_line(line) == entry
    with pytest.raises(WrongFile):
        read_line(line.replace(letters, others))


def test_an_entry_that_is_left_out_is_missing_though_the_hashes_fit() -> None:
    told = [kept.entry for kept in log_of([record(n) for n in range(1, 5)])]

    with pytest.raises(Fault, match="after entry 2 comes entry 4") as found:
        verified(export_of(_chained_anew([*told[:2], told[3]])), [])

    assert found.value.entry == 3


@pytest.mark.parametrize(
    "other",
    [
        {"position": 4},
        {"position": 2},
        {"epoch": "bbbbbbbb"},
        {"kind": "epoch"},
        {"kind": "epoch", "epoch": "bbbbbbbb"},
        {"kind": "other"},
    ],
)
def test_an_event_whose_place_cannot_be_is_found_though_the_hashes_fit(other: dict[str, object]) -> None:
    told = [kept.entry for kept in log_of([record(n) for n in range(1, 4)])]
    moved = Entry(**{**told[2]._asdict(), **other})

    with pytest.raises(Fault, match="does not follow") as found:
        verified(export_of(_chained_anew([*told[:2], moved])), [])

    assert found.value.entry == 3


def test_half_a_letter_is_no_text() -> None:
    (line,) = export_of(log_of([record(1, subject="\U00010000")])).splitlines()[1:]

    with pytest.raises(WrongFile, match="no text subject"):
        read_line(line.replace(r"\udc00", ""))


def test_what_is_no_export_is_refused_before_it_is_read() -> None:
    with pytest.raises(WrongFile, match="no export of an audit log"):
        list(read_back("PK\x03\x04"))
