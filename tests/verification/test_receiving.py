"""Uploads: accepted with a receipt, or refused with only an event."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from events import journal
from events.errors import Erased
from events.keys import destroy_key
from protocol.catalogue import PersonalClass
from protocol.problems import Refused
from tests.verification.conftest import BASIS, NOW
from tests.verification.files import clip, picture
from verification import cases, evidence_store, queries, rows
from verification.cases import Opened, Upload
from verification.evidence_store import EvidenceStore
from verification.models import Case, Challenge, Evidence
from verification.rows import Receipt

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("rebuilt")]


def _send(
    case: str, path: Path, kind: str = "document_front", challenge: str = "", after_s: float = 1
) -> Receipt:
    upload = Upload(path=path, kind=kind, challenge=challenge, arrived_at=NOW + timedelta(seconds=after_s))
    return cases.add_evidence(case, upload, now=NOW)


def _files(store: Path) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file()]


def _last(case: str) -> str:
    event = journal.after(0, subject=case)[-1]
    return f"{event.envelope.type.rpartition('.')[2]} {getattr(event.message, 'code', '')}".strip()


def test_a_picture_is_kept_byte_for_byte_and_sealed(case: str, tmp_path: Path, store: Path) -> None:
    sent = picture(tmp_path / "a.jpg")
    receipt = _send(case, sent)
    assert (receipt.size, receipt.media_type) == (sent.stat().st_size, "image/jpeg")
    assert queries.original_of(case, receipt.id).data == sent.read_bytes()
    assert sent.read_bytes()[50:90] not in _files(store)[0].read_bytes()
    assert Case.objects.get(pk=case).status == "checking"


def test_the_hash_of_a_file_lies_sealed_in_its_row(case: str, tmp_path: Path) -> None:
    receipt = _send(case, picture(tmp_path / "a.jpg"))
    assert receipt.sha256 not in bytes(Evidence.objects.get().sha256)


def test_the_same_bytes_get_the_same_receipt_and_are_kept_once(
    case: str, tmp_path: Path, store: Path
) -> None:
    first = _send(case, picture(tmp_path / "a.jpg"))
    again = _send(case, picture(tmp_path / "b.jpg"))
    assert again == first
    assert Evidence.objects.count() == 1
    assert len(_files(store)) == 1


def test_a_second_front_replaces_the_first_and_both_are_kept(case: str, tmp_path: Path) -> None:
    _send(case, picture(tmp_path / "a.jpg"))
    second = _send(case, picture(tmp_path / "other.jpg"))
    assert Evidence.objects.count() == 2
    assert queries.needs_of(case).kinds == ("face_video",)
    assert Evidence.objects.order_by("-keyseq")[0].id == second.id


def test_a_refused_file_leaves_nothing_but_its_event(case: str, tmp_path: Path, store: Path) -> None:
    bad = tmp_path / "a.jpg"
    bad.write_text("text")
    with pytest.raises(Refused, match="unsupported_media"):
        _send(case, bad)
    assert _last(case) == "EvidenceRefused unsupported_media"
    assert not _files(store)
    assert not Evidence.objects.exists()


def test_a_clip_answers_its_challenge_and_uses_it_up(case: str, tmp_path: Path) -> None:
    drawn = cases.draw_challenge(case, now=NOW)
    receipt = _send(case, clip(tmp_path / "a.mp4"), "face_video", drawn.id)
    assert Challenge.objects.get(pk=drawn.id).used_by == receipt.id
    with pytest.raises(Refused, match="challenge_used"):
        _send(case, clip(tmp_path / "b.mp4", seconds=6), "face_video", drawn.id)


def test_the_same_clip_sent_again_gets_its_receipt_though_its_challenge_is_used(
    case: str, tmp_path: Path
) -> None:
    drawn = cases.draw_challenge(case, now=NOW)
    first = _send(case, clip(tmp_path / "a.mp4"), "face_video", drawn.id)
    assert _send(case, tmp_path / "a.mp4", "face_video", drawn.id) == first


@pytest.mark.parametrize("challenge", ["", "01990000-0000-7000-8000-000000000009"])
def test_a_clip_without_a_challenge_of_its_case_is_refused(case: str, tmp_path: Path, challenge: str) -> None:
    cases.draw_challenge(case, now=NOW)
    with pytest.raises(Refused, match="challenge_required"):
        _send(case, clip(tmp_path / "a.mp4"), "face_video", challenge)
    assert _last(case) == "EvidenceRefused challenge_required"


@pytest.mark.parametrize(("after_s", "taken"), [(89.9, True), (90, False)])
def test_a_challenge_lasts_ninety_seconds_to_the_uploads_first_byte(
    case: str, tmp_path: Path, after_s: float, taken: bool
) -> None:
    drawn = cases.draw_challenge(case, now=NOW)
    if taken:
        assert _send(case, clip(tmp_path / "a.mp4"), "face_video", drawn.id, after_s)
        return
    with pytest.raises(Refused, match="challenge_expired"):
        _send(case, clip(tmp_path / "a.mp4"), "face_video", drawn.id, after_s)


def test_a_clip_that_ends_before_the_last_action_can_be_seen_is_too_short(case: str, tmp_path: Path) -> None:
    drawn = cases.draw_challenge(case, now=NOW)
    seconds = drawn.actions[-1].at_ms / 1000 + 1.6
    with pytest.raises(Refused, match="too_short"):
        _send(case, clip(tmp_path / "a.mp4", seconds=seconds), "face_video", drawn.id)


def test_a_photo_of_a_face_needs_no_challenge(case: str, tmp_path: Path) -> None:
    assert _send(case, picture(tmp_path / "a.jpg"), "face_photo").media_type == "image/jpeg"


def test_evidence_after_submit_is_refused_and_says_nothing(case: str, tmp_path: Path) -> None:
    cases.submit(case, by="applicant", now=NOW)
    said = len(journal.after(0, subject=case))
    with pytest.raises(Refused, match="not_accepting"):
        _send(case, picture(tmp_path / "a.jpg"))
    assert len(journal.after(0, subject=case)) == said


def test_a_store_that_cannot_be_written_to_refuses_the_upload(case: str, tmp_path: Path, store: Path) -> None:
    store.write_text("a file where the folder should be")
    with pytest.raises(Refused, match="unavailable") as refused:
        _send(case, picture(tmp_path / "a.jpg"))
    assert refused.value.extra["retry_after"] == 5
    assert not Evidence.objects.exists()


def test_an_erased_applicants_upload_is_refused_and_leaves_no_file(
    opened: Opened, tmp_path: Path, store: Path
) -> None:
    destroy_key(opened.applicant, PersonalClass.IDENTITY, now=NOW)
    with pytest.raises(Erased):
        _send(opened.id, picture(tmp_path / "a.jpg"))
    assert not _files(store)


def test_what_a_phone_still_needs_shrinks_with_what_it_sends(case: str, tmp_path: Path) -> None:
    assert queries.needs_of(case) == queries.Needs(("document_front", "face_video"), 3)
    drawn = cases.draw_challenge(case, now=NOW)
    _send(case, clip(tmp_path / "a.mp4"), "face_video", drawn.id)
    assert queries.needs_of(case) == queries.Needs(("document_front",), 2)
    cases.submit(case, by="applicant", now=NOW)
    assert queries.needs_of(case).kinds == ()


def test_evidence_of_another_case_is_not_found(case: str, tmp_path: Path) -> None:
    receipt = _send(case, picture(tmp_path / "a.jpg"))
    with pytest.raises(Refused, match="not_found"):
        queries.original_of("another", receipt.id)


def test_a_withdrawn_basis_destroys_what_was_kept_of_the_face_and_nothing_else(
    case: str, tmp_path: Path
) -> None:
    cases.record_basis(case, BASIS, now=NOW)
    face = _send(case, picture(tmp_path / "face.jpg"), "face_photo")
    front = _send(case, picture(tmp_path / "a.jpg"))
    cases.withdraw_basis(case, now=NOW)
    with pytest.raises(Erased):
        queries.original_of(case, face.id)
    with pytest.raises(Erased):
        _send(case, picture(tmp_path / "face.jpg"), "face_photo")
    assert queries.original_of(case, front.id).media_type == "image/jpeg"


@pytest.mark.parametrize("kind", ["document_front", "face_photo"])
def test_only_a_clip_answers_a_challenge(case: str, tmp_path: Path, kind: str) -> None:
    drawn = cases.draw_challenge(case, now=NOW)
    receipt = _send(case, picture(tmp_path / "a.jpg"), kind, drawn.id)
    assert Evidence.objects.get(pk=receipt.id).challenge == ""
    assert _send(case, clip(tmp_path / "a.mp4"), "face_video", drawn.id)


def test_a_clip_whose_challenge_another_took_meanwhile_leaves_only_its_event(
    case: str, tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = cases.draw_challenge(case, now=NOW)
    put = EvidenceStore.put_file

    def put_late(*given: object) -> None:
        monkeypatch.setattr(EvidenceStore, "put_file", put)
        _send(case, clip(tmp_path / "first.mp4"), "face_video", drawn.id)
        put(*given)  # type: ignore[arg-type]  # what it was given

    monkeypatch.setattr(EvidenceStore, "put_file", put_late)
    with pytest.raises(Refused, match="challenge_used"):
        _send(case, clip(tmp_path / "second.mp4", seconds=6), "face_video", drawn.id)

    assert _last(case) == "EvidenceRefused challenge_used"
    assert len(_files(store)) == 1


def test_a_file_whose_folder_cannot_be_synced_is_refused_and_does_not_stay(
    case: str, tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_folder: Path) -> None:
        raise OSError("the disk is going")

    monkeypatch.setattr(evidence_store, "_sync_folder", fail)
    with pytest.raises(Refused, match="unavailable"):
        _send(case, picture(tmp_path / "a.jpg"))

    assert not _files(store)


def test_a_basis_is_withdrawn_also_while_the_key_store_is_away(case: str) -> None:
    cases.record_basis(case, BASIS, now=NOW)
    with connections["keys"].cursor() as cursor:
        cursor.execute("ALTER TABLE events_applicantkey RENAME TO away")

    cases.withdraw_basis(case, now=NOW)

    assert not rows.standing_of(case).basis
    assert _last(case).startswith("BiometricBasisWithdrawn")


def test_withdrawing_a_basis_that_never_was_destroys_nothing(case: str, tmp_path: Path) -> None:
    face = _send(case, picture(tmp_path / "face.jpg"), "face_photo")
    cases.withdraw_basis(case, now=NOW)
    assert queries.original_of(case, face.id).media_type == "image/jpeg"
