"""The figures of readers on manifests with truth."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import accuracy_fields, accuracy_mrz
from benchmarks.accuracy_fields import FieldsRead, field_figures
from benchmarks.accuracy_mrz import ZoneRead, edit_distance, zone_figures
from benchmarks.accuracy_report import ManifestError
from tests.specimens.camera import photograph
from tests.specimens.documents import fields, licence, machine_zone, passport_page
from tests.specimens.holders import HOLDER_A


@pytest.mark.parametrize(
    ("a", "b", "edits"), [("", "", 0), ("AB", "", 2), ("KITTEN", "SITTING", 3), ("A<B", "AB", 1)]
)
def test_edits_are_counted_as_levenshtein_counts_them(a: str, b: str, edits: int) -> None:
    assert edit_distance(a, b) == edits


@given(st.text("AB<", max_size=8), st.text("AB<", max_size=8))
def test_edits_are_symmetric_and_no_more_than_the_longer_text(a: str, b: str) -> None:
    assert edit_distance(a, b) == edit_distance(b, a) <= max(len(a), len(b))


def test_right_digits_over_a_wrong_text_count_as_a_false_reading() -> None:
    zones = [
        ZoneRead("AB|CD", "AB|CD", True, 1),
        ZoneRead("AB|CD", "AB|CX", True, 1),
        ZoneRead("", "ZZ", True, 1),
    ]
    values = {figure.name: figure.value for figure in zone_figures(zones)}
    assert values["whole zone right"] == 0.5
    assert values["character error rate"] == 0.125
    assert values["false readings: digits right, text wrong"] == pytest.approx(2 / 3)
    assert values["of them with a zone where none is"] == 1


def test_a_value_that_is_not_printed_counts_as_invented() -> None:
    pictures = [FieldsRead({"sex": "F"}, {"sex": "F", "address": "X"}, 1), FieldsRead({"sex": "M"}, {}, 1)]
    values = {figure.name: figure.value for figure in field_figures(pictures)}
    assert (values["sex exact"], values["invented or wrong, of the values told"]) == (0.5, 0.5)


def test_a_manifest_of_one_photographed_licence_is_measured(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photograph(licence(HOLDER_A, seed=1), seed=1))
    truth = json.dumps(fields(HOLDER_A)).replace('"', '""')
    (tmp_path / "m.csv").write_text(f'image,fields\na.jpg,"{truth}"\n', encoding="utf-8")
    values = {figure.name: figure.value for figure in accuracy_fields.run(tmp_path / "m.csv").rows}
    assert values["driver_number exact"] == 1.0
    assert values["invented or wrong, of the values told"] == 0.0


def test_a_manifest_of_one_passport_page_is_measured(tmp_path: Path) -> None:
    page = cv2.cvtColor(passport_page(HOLDER_A, seed=1), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(tmp_path / "p.png"), page)
    (tmp_path / "m.csv").write_text(
        f"image,mrz\np.png,{'|'.join(machine_zone(HOLDER_A))}\n", encoding="utf-8"
    )
    values = {figure.name: figure.value for figure in accuracy_mrz.run(tmp_path / "m.csv").rows}
    assert values["whole zone right"] == 1.0


def test_a_picture_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("image,mrz\nnone.png,\n", encoding="utf-8")
    with pytest.raises(ManifestError, match=r"none\.png"):
        accuracy_mrz.run(tmp_path / "m.csv")
