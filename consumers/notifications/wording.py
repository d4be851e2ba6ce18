"""What messages say: words of each language as data, and one layout for all e-mails.

No value of a person is put in, not even a name. What is put in is escaped.
"""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Final

__all__ = ["BACKGROUND", "INK", "LINK", "Words", "language_for", "languages", "placeholders", "words"]

_FOLDER: Final = Path(__file__).parent / "templates"
# Black-ish on white is 16:1 and the link 8:1, of the 7:1 that WCAG 2.2 asks for at AAA.
INK, LINK, BACKGROUND = "#1f2328", "#0b4a8f", "#ffffff"
_STYLE: Final = (
    f"margin:0;padding:24px;background:{BACKGROUND};color:{INK};"
    "font:16px/1.5 -apple-system,'Segoe UI',Roboto,Arial,sans-serif"
)


@dataclass(frozen=True, slots=True)
class Words:
    """A message in one language: an e-mail's subject, text and HTML, or an SMS's one line."""

    language: str
    subject: str
    text: str
    html: str
    sms: str


@cache
def _file(language: str) -> Mapping[str, Mapping[str, object]]:
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def languages() -> tuple[str, ...]:
    """List the languages that messages are written in."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def language_for(locale: str, fallback: str) -> str:
    """Choose a language for a BCP 47 tag, "de-AT" → "de"; one that there is none of gets the fallback."""
    primary = re.split("[-_]", locale.lower())[0]
    return primary if primary in languages() else fallback


def placeholders(language: str, template: str) -> frozenset[str]:
    """List what has to be put into a message."""
    said = " ".join(
        [*_paragraphs(language, template), *(_said(language, template, n) for n in ("subject", "sms"))]
    )
    return frozenset(Template(said).get_identifiers())


def words(template: str, language: str, values: Mapping[str, str]) -> Words:
    """Write a message; an address under "link" is also put below it, when there is one.

    Raises:
        KeyError: there is no such message, or a value is missing.
    """
    subject = _filled(_said(language, template, "subject"), values)
    paragraphs = [_filled(one, values) for one in _paragraphs(language, template)]
    end, link = _said(language, "common", "end"), values.get("link", "")
    text = [subject, *paragraphs, *([link] if link else []), end]
    return Words(
        language=language,
        subject=subject,
        text="\n\n".join(text) + "\n",
        html=_page(language, subject, [*map(html.escape, paragraphs), *_anchor(link)], end),
        sms=_filled(_said(language, template, "sms"), values),
    )


def _said(language: str, template: str, name: str) -> str:
    return str(_file(language)[template][name])


def _paragraphs(language: str, template: str) -> list[str]:
    said = _file(language)[template]["paragraphs"]
    if not isinstance(said, list):
        raise TypeError(f"{language}.toml: paragraphs of {template} are a list")
    return [str(one) for one in said]


def _filled(text: str, values: Mapping[str, str]) -> str:
    return Template(text).substitute(values)


def _anchor(link: str) -> list[str]:
    shown = html.escape(link)
    return [f'<a href="{shown}" style="color:{LINK}">{shown}</a>'] if link else []


def _page(language: str, title: str, paragraphs: list[str], end: str) -> str:
    body = "\n".join(f"<p>{one}</p>" for one in paragraphs)
    return (
        f'<!doctype html>\n<html lang="{language}" dir="ltr">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n</head>\n"
        f'<body style="{_STYLE}">\n<main style="max-width:36em">\n'
        f'<h1 style="font-size:1.4em">{html.escape(title)}</h1>\n{body}\n'
        f'<p style="font-size:0.9em">{html.escape(end)}</p>\n</main>\n</body>\n</html>\n'
    )
