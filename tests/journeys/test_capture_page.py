"""The page behind a capture address, in a real browser, from the code to the outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.browser import Page, chromium, open_page
from tests.journeys.company import Applicant, Company
from tests.journeys.pictures import front

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(chromium() is None, reason="needs Debian's chromium"),
]

_SHOWN = "!document.getElementById('{}').hidden"


@pytest.fixture(scope="module")
def applicant(company: Company) -> Applicant:
    return company.open(basis=False)


@pytest.fixture(scope="module")
def page(applicant: Applicant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with open_page(applicant.url, tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def test_the_page_changes_its_code_for_a_token_and_asks_for_a_document(page: Page) -> None:
    page.wait(_SHOWN.format("document"))
    assert page.value("location.hash") == ""
    assert page.value("document.title") == "Verify who you are"


def test_a_document_chosen_on_the_page_reaches_the_company(
    page: Page, applicant: Applicant, tmp_path: Path
) -> None:
    picture = tmp_path / "front.jpg"
    picture.write_bytes(front("genuine"))
    page.wait(_SHOWN.format("document"))
    page.choose_file("#document-file", picture)
    page.click("#document-form button")
    assert applicant.fact("document_type").data["value"] == "uk_driving_licence"
    page.wait("document.getElementById('document').hidden")


def test_agreement_on_the_page_is_recorded_as_the_basis(page: Page, applicant: Applicant) -> None:
    page.click("#consent")
    page.click("#consent-form button")
    page.wait(_SHOWN.format("recording"))
    assert applicant.check("tamper").data["status"] == "clear"


def test_the_page_shows_the_movements_of_the_challenge(page: Page) -> None:
    page.click("#recording details summary")
    page.click("#draw")
    page.wait("document.querySelectorAll('#actions li').length === 2")
    page.wait(_SHOWN.format("clip-form"))


def test_after_finish_the_page_tells_a_neutral_outcome(page: Page, applicant: Applicant) -> None:
    page.wait(_SHOWN.format("finish"))
    before = page.value("document.getElementById('outcome').textContent")
    page.click("#submit")
    applicant.decided("refer")
    page.wait(f"document.getElementById('outcome').textContent !== {before!r}")
    said = str(page.value("document.getElementById('outcome').textContent")).lower()
    assert not [word for word in ("policy", "tamper", "score", "liveness", "refer") if word in said]


def test_an_address_opened_before_says_that_a_new_one_is_needed(
    page: Page, applicant: Applicant, tmp_path: Path
) -> None:
    page.wait("document.readyState === 'complete'")
    with open_page(applicant.url, tmp_path / "another") as second:
        second.wait("document.getElementById('status').classList.contains('wrong')")
        assert second.value("document.getElementById('document').hidden") is True
