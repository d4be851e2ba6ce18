"""What the feed promises, on the running product; and that nothing personal lies about in clear."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.company import NINE, Applicant, Company, records_of
from tests.journeys.house import House
from tests.journeys.pictures import front
from tests.specimens.holders import HOLDER_A

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

# What the phone may be told, and never: scores, models, policies, names of checks.
_FOR_PHONES = {"case", "evidence", "partial", "outcome"}
_HOLDER = HOLDER_A
_PERSONAL = (
    _HOLDER.family_name,
    _HOLDER.family_name.title(),
    _HOLDER.given_names.split()[0],
    _HOLDER.given_names.split()[0].title(),
    _HOLDER.driver_number,
    _HOLDER.date_of_birth.isoformat(),
    f"{_HOLDER.date_of_birth:%d.%m.%Y}",
    _HOLDER.address[0],
)


@pytest.fixture(scope="module")
def decided(company: Company) -> Applicant:
    applicant = company.open()
    applicant.send(front("genuine"))
    applicant.film()
    applicant.submit()
    applicant.decided("approve")
    return applicant


@pytest.fixture(scope="module")
def rival(house: House) -> Company:
    """Another company, with a case of its own."""
    company = house.company("Rival Ltd")
    company.open().send(front("no document"))
    return company


def test_a_feed_is_numbered_from_one_without_a_hole(company: Company, decided: Applicant) -> None:
    records = records_of(company.url, "/v1/feed", company.key)
    assert [r["number"] for r in records] == list(range(1, len(records) + 1))
    assert [r["prev"] for r in records[1:]] == [r["number"] for r in records[:-1]]
    assert decided.case in {r["case"] for r in records}


def test_a_reader_resumes_from_the_middle_with_the_very_next_record(
    company: Company, decided: Applicant
) -> None:
    whole = records_of(company.url, "/v1/feed", company.key)
    half = len(whole) // 2
    rest = records_of(company.url, "/v1/feed", company.key, after=str(whole[half - 1]["cursor"]))
    assert rest[: len(whole) - half] == whole[half:]
    assert decided.case


def test_what_the_open_reader_heard_is_what_a_later_reader_reads(
    company: Company, decided: Applicant
) -> None:
    read = records_of(company.url, f"/v1/cases/{decided.case}/feed", company.key)
    heard = [a.record for a in decided.records()]
    assert [(r["number"], r["kind"], r["data"]) for r in read] == [
        (r["number"], r["kind"], r["data"]) for r in heard
    ]


def test_two_companies_see_their_own_cases_only(company: Company, rival: Company, decided: Applicant) -> None:
    ours = {r["case"] for r in records_of(company.url, "/v1/feed", company.key)}
    theirs = {r["case"] for r in records_of(rival.url, "/v1/feed", rival.key)}
    assert decided.case in ours
    assert theirs
    assert not ours & theirs


def test_the_phone_hears_no_check_score_model_or_policy(company: Company, decided: Applicant) -> None:
    records = records_of(company.url, f"/v1/cases/{decided.case}/feed", decided.token)
    text = str(records)
    assert {r["kind"] for r in records} <= _FOR_PHONES
    assert [r["number"] for r in records] == list(range(1, len(records) + 1))
    assert not [word for word in (*(NINE - {"document"}), "model", "policy", "score") if f"'{word}'" in text]


def test_the_snapshot_is_the_fold_of_the_cases_records(company: Company, decided: Applicant) -> None:
    records = records_of(company.url, f"/v1/cases/{decided.case}/feed", company.key)
    with company.http() as http:
        told = http.get(f"/v1/cases/{decided.case}").json()
    last = {str(r["data"]["check"]): r["number"] for r in records if r["kind"] == "check"}  # type: ignore[index]  # JSON
    assert {name: check["number"] for name, check in told["checks"].items()} == last
    assert told["reflects"]["number"] == records[-1]["number"]
    assert (told["status"], told["missing"]) == ("decided", [])


def _written(house: House) -> Iterator[Path]:
    """Every file that the product wrote, but the register's own book."""
    files = (path for path in house.served.data.rglob("*") if path.is_file())
    return (path for path in files if path.name != "register.json")


def test_no_file_of_the_product_holds_a_personal_value_in_clear(house: House, decided: Applicant) -> None:
    assert decided.facts()["field.driver_number"] == _HOLDER.driver_number
    found = [
        (path.name, word)
        for path in _written(house)
        for word in _PERSONAL
        if word.encode() in path.read_bytes()
    ]
    assert found == []


def test_no_upload_is_left_where_it_was_judged(house: House, decided: Applicant) -> None:
    assert decided.answers().keys() == NINE
    assert list((house.served.data / "uploads").iterdir()) == []


def test_no_evidence_lies_in_clear_on_the_disk(house: House, decided: Applicant) -> None:
    heads = {path.read_bytes()[:12] for path in (house.served.data / "evidence").rglob("*") if path.is_file()}
    assert decided.case
    assert len(heads) > 2
    assert not [head for head in heads if head[:3] == b"\xff\xd8\xff" or head[4:8] == b"ftyp"]


def test_the_line_of_the_readme_follows_a_feed_as_it_stands_there(
    company: Company, decided: Applicant
) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    line = next(part for part in readme.split("`") if part.startswith("curl "))
    assert "127.0.0.1:8000" in line
    here = line.replace("http://127.0.0.1:8000", company.url).replace("from=75", "from=1&until=caught_up")

    environment = {**os.environ, "VOUCH_KEY": company.key}
    done = subprocess.run(
        ["bash", "-c", here], env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    frames = [json.loads(frame) for frame in done.stdout.splitlines()]
    assert (done.returncode, frames[0]["frame"]) == (0, "welcome"), done.stderr
    assert [frame["number"] for frame in frames[1:]] == list(range(1, len(frames)))
