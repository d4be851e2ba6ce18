"""The evidence store: what is put is read, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verification import evidence_store
from verification.evidence_store import EvidenceDamaged, EvidenceMissing, EvidenceStore

KEY = bytes(range(64))
ID = "01990000-0000-7000-8000-000000000001"


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path)


def _file(folder: Path) -> Path:
    return next(path for path in folder.rglob("*") if path.is_file())


@given(data=st.binary(max_size=5000))
@settings(max_examples=25, deadline=None)
def test_what_was_put_is_read_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = EvidenceStore(tmp_path_factory.mktemp("store"))
    store.put(ID, data, KEY)
    assert store.open(ID, KEY) == data


def test_nothing_of_the_evidence_lies_in_clear(store: EvidenceStore, tmp_path: Path) -> None:
    store.put(ID, b"a very personal picture" * 100, KEY)
    assert b"personal" not in _file(tmp_path).read_bytes()
    assert _file(tmp_path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("place", [0, 10, 40, -1])
def test_one_changed_byte_anywhere_is_noticed(store: EvidenceStore, tmp_path: Path, place: int) -> None:
    store.put(ID, b"x" * 100, KEY)
    stored = bytearray(_file(tmp_path).read_bytes())
    stored[place] ^= 1
    _file(tmp_path).write_bytes(stored)
    with pytest.raises(EvidenceDamaged, match=ID):
        store.open(ID, KEY)


def test_a_file_and_every_folder_made_for_it_survive_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(evidence_store, "_sync_folder", synced.append)
    store = EvidenceStore(tmp_path / "data" / "evidence")

    store.put(ID, b"x", KEY)

    folder = _file(tmp_path).parent
    assert set(synced) == {folder, *folder.parents[:3]}
    assert folder.parents[2] == tmp_path


def test_a_truncated_file_is_noticed(store: EvidenceStore, tmp_path: Path) -> None:
    store.put(ID, b"x" * 100, KEY)
    _file(tmp_path).write_bytes(b"VE1\0")
    with pytest.raises(EvidenceDamaged):
        store.open(ID, KEY)


def test_another_applicants_key_opens_nothing(store: EvidenceStore) -> None:
    store.put(ID, b"x", KEY)
    with pytest.raises(EvidenceDamaged):
        store.open(ID, bytes(64))


def test_a_file_moved_to_another_id_does_not_open(store: EvidenceStore, tmp_path: Path) -> None:
    other = str(uuid4())
    store.put(ID, b"x", KEY)
    store.put(other, b"y", KEY)
    (tmp_path / other[-2:] / other).write_bytes((tmp_path / ID[-2:] / ID).read_bytes())
    with pytest.raises(EvidenceDamaged):
        store.open(other, KEY)


def test_the_same_bytes_put_twice_look_different_on_disk(store: EvidenceStore, tmp_path: Path) -> None:
    store.put(ID, b"x" * 50, KEY)
    first = _file(tmp_path).read_bytes()
    store.put(ID, b"x" * 50, KEY)
    assert _file(tmp_path).read_bytes() != first
    assert store.open(ID, KEY) == b"x" * 50


def test_what_was_never_put_or_was_deleted_is_missing(store: EvidenceStore) -> None:
    store.put(ID, b"x", KEY)
    store.delete(ID)
    store.delete(ID)
    with pytest.raises(EvidenceMissing, match=ID):
        store.open(ID, KEY)


def test_an_id_that_is_none_never_becomes_a_path(store: EvidenceStore) -> None:
    with pytest.raises(ValueError, match="UUID"):
        store.put("../../etc/passwd", b"x", KEY)


def test_a_put_that_fails_leaves_nothing_behind(store: EvidenceStore, tmp_path: Path) -> None:
    (tmp_path / "closed").write_bytes(b"x")
    with (tmp_path / "closed").open("rb") as file:
        pass
    with pytest.raises(ValueError, match="closed"):
        store.put_file(ID, file, KEY)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["closed"]
