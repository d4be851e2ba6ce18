"""Every message in every language: the same things said, nothing that must not be, readable by everybody."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.notifications.messages import TABLE, Recipient
from consumers.notifications.wording import (
    BACKGROUND,
    INK,
    LINK,
    language_for,
    languages,
    placeholders,
    words,
)

TEMPLATES = sorted({line.template for line in TABLE})
TO_APPLICANTS = sorted({line.template for line in TABLE if line.recipient is Recipient.APPLICANT})
VALUES = {"client": "Example Bank", "subject": "case-1", "link": "https://x.example/a?b=1&c=2"}
EACH = [(language, template) for language in languages() for template in TEMPLATES]
# What was decided and why is the client's to tell; a letter may be read by others.
UNSAID = (
    *("approve", "declin", "reject", "refus", "fraud", "score", "suspect", "forg"),
    *("abgelehnt", "genehmigt", "betrug", "verdacht", "gefälscht", "accept", "fraude", "soupçon"),
)


class Page(HTMLParser):
    """A page's tags, their attributes and its text; a tag that is not closed rightly is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def only(self, tag: str) -> dict[str, str | None]:
        (found,) = (attributes for name, attributes in self.tags if name == tag)
        return found


def test_there_are_several_languages() -> None:
    assert set(languages()) >= {"en", "de", "fr"}


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_language_is_told_the_same_things(template: str) -> None:
    assert len({placeholders(language, template) for language in languages()}) == 1


@pytest.mark.parametrize("template", TO_APPLICANTS)
def test_an_applicants_message_names_the_client_and_nothing_else(template: str) -> None:
    assert placeholders("en", template) == {"client"}


@pytest.mark.parametrize(("language", "template"), EACH)
def test_a_message_is_a_page_that_anybody_can_read(language: str, template: str) -> None:
    said = words(template, language, VALUES)

    page = Page(said.html)
    assert page.only("html")["lang"] == language
    assert {tag for tag, _ in page.tags} >= {"title", "h1", "main", "p"}
    assert page.only("a")["href"] == VALUES["link"]
    assert not {"img", "script", "link", "iframe"} & {tag for tag, _ in page.tags}
    assert all(line in page.text for line in said.text.strip().split("\n\n"))


@pytest.mark.parametrize(("language", "template"), EACH)
def test_no_message_says_what_was_decided_or_why(language: str, template: str) -> None:
    said = words(template, language, VALUES)

    found = f"{said.subject} {said.text} {said.sms}".lower()
    assert [word for word in UNSAID if word in found] == []


@pytest.mark.parametrize(("language", "template"), EACH)
def test_an_sms_fits_into_three(language: str, template: str) -> None:
    assert len(words(template, language, {**VALUES, "client": "x" * 20}).sms) <= 201


@given(st.text(max_size=30), st.sampled_from(EACH))
def test_what_is_put_in_is_text_and_never_a_tag(value: str, which: tuple[str, str]) -> None:
    said = words(which[1], which[0], {"client": f"<b>{value}&", "subject": f"<i>{value}", "link": ""})

    assert not {"b", "i"} & {tag for tag, _ in Page(said.html).tags}


@pytest.mark.parametrize("ink", [INK, LINK])
def test_letters_stand_out_from_their_ground(ink: str) -> None:
    assert contrast(ink, BACKGROUND) >= 7


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("locale", "language"), [("de-AT", "de"), ("FR", "fr"), ("en_GB", "en"), ("tlh", "fr"), ("", "fr")]
)
def test_a_language_is_chosen_by_the_applicants_and_else_the_fallback(locale: str, language: str) -> None:
    assert language_for(locale, "fr") == language
