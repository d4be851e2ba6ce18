"""Tampering: each attack is seen by the cue that is there for it, and genuine pages are clear."""

from __future__ import annotations

from functools import cache
from typing import Literal

import cv2
import numpy as np
import pytest

from tests.vision.pages import Kind, page
from verification.vision.grades import Cue
from verification.vision.portrait import embed_portrait, find_portrait
from verification.vision.tamper import judge
from verification.vision.tamper_copies import fine_pattern
from verification.vision.tamper_layout import layout_of
from verification.vision.tamper_text import look_at_row, text_cue

_ATTACKS: list[tuple[Kind, str, str]] = [
    ("stuck_on", "ghost_match", "portrait_substituted"),
    ("splice", "ghost_match", "portrait_substituted"),
    ("text_edit", "text_edit", "text_altered"),
    ("screen", "screen", "screen_replay"),
    ("paper", "print", "printed_copy"),
    ("grey", "print", "printed_copy"),
]


@cache
def _cues(kind: Kind | Literal["passport"], holder: Literal["a", "b"] = "a") -> dict[str, Cue]:
    document_type = "passport" if kind == "passport" else "uk_driving_licence"
    shown = page(kind, holder)
    portrait = find_portrait(shown, document_type)
    embeddings = embed_portrait(shown, portrait)
    cues = judge(shown, portrait, document_type=document_type, embeddings=embeddings)
    return {cue.name: cue for cue in cues}


@pytest.mark.parametrize("holder", ["a", "b"])
def test_every_cue_of_a_genuine_licence_is_clear(holder: Literal["a", "b"]) -> None:
    assert {cue.status for cue in _cues("genuine", holder).values()} == {"clear"}


def test_a_genuine_passport_page_is_clear_where_it_can_be_asked() -> None:
    assert {cue.status for cue in _cues("passport").values()} <= {"clear", "not_applicable"}


@pytest.mark.parametrize(("kind", "name", "reason"), _ATTACKS)
def test_each_attack_is_seen_by_its_own_cue(kind: Kind, name: str, reason: str) -> None:
    cue = _cues(kind)[name]
    assert cue.status in {"suspected", "rejected"}
    assert cue.reasons == (reason,)


def test_a_stuck_on_portrait_is_rejected_on_two_strong_cues() -> None:
    cues = _cues("stuck_on")
    assert cues["ghost_match"].status == cues["portrait_edges"].status == "rejected"
    assert cues["portrait_edges"].box is not None


def test_another_portrait_without_a_mark_at_its_edges_is_only_suspected() -> None:
    shown, other = page("genuine"), page("genuine", "b")
    portrait = find_portrait(shown, "uk_driving_licence")
    mixed = embed_portrait(shown, portrait)
    stranger = embed_portrait(other, find_portrait(other, "uk_driving_licence"))
    assert mixed is not None
    assert stranger is not None
    swapped = type(mixed)(stranger.main, mixed.ghost)
    cues = judge(shown, portrait, document_type="uk_driving_licence", embeddings=swapped)
    assert [cue.status for cue in cues if cue.name == "ghost_match"] == ["suspected"]


def test_a_licence_without_a_ghost_is_a_caution() -> None:
    cue = _cues("ghost_missing")["ghost_match"]
    assert (cue.status, cue.reasons) == ("caution", ("not_like_its_class",))


def test_without_a_biometric_basis_only_the_ghost_is_not_compared() -> None:
    shown = page("stuck_on")
    portrait = find_portrait(shown, "uk_driving_licence")
    cues = judge(shown, portrait, document_type="uk_driving_licence", embeddings=None)
    unavailable = {cue.name: cue.reasons for cue in cues if cue.status == "unavailable"}
    assert unavailable == {"ghost_match": ("no_biometric_basis",)}
    assert [cue.status for cue in cues if cue.name == "portrait_edges"] == ["suspected"]


def test_an_unknown_class_is_judged_by_screen_and_print_alone() -> None:
    shown = page("screen")
    portrait = find_portrait(shown, "unknown")
    cues = {cue.name: cue for cue in judge(shown, portrait, document_type="unknown", embeddings=None)}
    assert cues["screen"].status == "suspected"
    assert {cues[name].status for name in ("ghost_match", "portrait_edges", "text_edit")} == {
        "not_applicable"
    }


def test_a_page_without_readable_text_is_unavailable_to_the_text_cue() -> None:
    empty = np.full((1010, 1600, 3), 220, np.uint8)
    cue = text_cue(empty, layout_of("uk_driving_licence"))
    assert (cue.status, cue.reasons) == ("unavailable", ("unreadable",))


def test_the_box_of_an_edited_field_is_that_field() -> None:
    layout, box = layout_of("uk_driving_licence"), _cues("text_edit")["text_edit"].box
    assert layout is not None
    assert box == layout.rows[2]


def test_an_empty_row_is_no_row() -> None:
    layout = layout_of("uk_driving_licence")
    assert layout is not None
    assert look_at_row(np.full((1010, 1600, 3), 220, np.uint8), layout.rows[0]) is None


@pytest.mark.parametrize("period_px", [3.0, 4.0, 5.0])
def test_a_net_is_measured_at_its_own_period_and_angle(period_px: float) -> None:
    y, x = np.mgrid[:1010, :1600] * 2 * np.pi / period_px
    grain = np.random.default_rng(0).normal(0, 3, x.shape)
    peak = fine_pattern(np.clip(128 + 8 * (np.cos(x) + np.cos(y)) + grain, 0, 255).astype(np.uint8))
    assert peak.height > 10
    assert peak.frequency == pytest.approx(1 / period_px, abs=0.01)
    assert peak.degrees_off_axis < 2


def test_brighter_light_does_not_make_a_net() -> None:
    grey = np.asarray(cv2.cvtColor(page("genuine"), cv2.COLOR_BGR2GRAY), np.uint8)
    brighter = np.clip(grey * 1.15, 0, 255).astype(np.uint8)
    assert fine_pattern(brighter).height < 10
