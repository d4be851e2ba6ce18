"""Invented documents, flat as a printer makes them: a UK-style photocard licence and a passport's data page.

They are like their class in layout, colour and print, carry SPECIMEN, and copy no real document.
All pages are RGB uint8 at the scale that rectified pages have: ID-1 1600 x 1010, TD3 1600 x 1126 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import cv2
import numpy as np

from tests.specimens.holders import Holder
from tests.specimens.ink import Line, blank, ghost, grain, paste, uint8, write
from tests.specimens.portraits import Rgb, crop_35_45

__all__ = [
    "GENUINE",
    "GHOST_BOX",
    "ID1_SIZE",
    "PASSPORT_PORTRAIT_BOX",
    "PORTRAIT_BOX",
    "TD3_SIZE",
    "Variant",
    "check_digit",
    "fields",
    "licence",
    "machine_zone",
    "passport_page",
]

ID1_SIZE = (1600, 1010)
TD3_SIZE = (1600, 1126)
PORTRAIT_BOX = (60, 225, 430, 553)
GHOST_BOX = (1385, 470, 150, 193)
PASSPORT_PORTRAIT_BOX = (70, 225, 430, 553)
ISSUED = date(2024, 5, 17)
_LICENCE_TINTS = ((242, 196, 206), (246, 214, 218), (240, 218, 226), (214, 220, 238), (198, 214, 238))
_PASSPORT_TINTS = ((226, 232, 224), (238, 234, 220), (232, 226, 216), (222, 230, 232))
_VALUE_X = 620

Attack = Literal["none", "stuck_on", "ghost_missing", "text_edit", "unreadable"]


@dataclass(frozen=True, slots=True)
class Variant:
    """How one document differs from the genuine one of its holder.

    `stuck_on` pastes the photograph `impostor` over the main portrait and leaves the ghost image as it was;
    `text_edit` writes `edited` over field 3 or 5 in another type; `unreadable` smears the text.
    """

    attack: Attack = "none"
    impostor: str = "biden"
    edited: tuple[Literal["3", "5"], str] = ("3", "14.03.1991")
    expiry: date = date(2034, 5, 16)


GENUINE = Variant()


def fields(holder: Holder, expiry: date = GENUINE.expiry) -> dict[str, str]:
    """What the licence says, under the names of the public contract, dates in ISO form."""
    return {
        "family_name": holder.family_name,
        "given_names": holder.given_names,
        "date_of_birth": holder.date_of_birth.isoformat(),
        "issue_date": ISSUED.isoformat(),
        "expiry_date": expiry.isoformat(),
        "authority": "DVLA",
        "driver_number": holder.driver_number,
        "address": ", ".join(holder.address),
    }


def licence(holder: Holder, *, seed: int, variant: Variant = GENUINE) -> Rgb:
    """A photocard driving licence's front, (1010, 1600, 3); the seed moves the print, not what it says."""
    rng = np.random.default_rng((seed, 1))
    card = blank(ID1_SIZE, _LICENCE_TINTS, rng)
    cv2.circle(card, (142, 128), 76, (28, 60, 140), -1, cv2.LINE_AA)
    card = write(card, _heading())
    lines = _licence_lines(holder, variant.expiry, int(rng.integers(-3, 4)))
    card = _smeared(card, lines) if variant.attack == "unreadable" else write(card, lines)
    face = crop_35_45(holder.portrait)
    paste(card, face, PORTRAIT_BOX)
    if variant.attack != "ghost_missing":
        ghost(card, face, GHOST_BOX)
    card = grain(card, rng)
    if variant.attack == "stuck_on":
        card = _stuck_on(card, crop_35_45(variant.impostor), rng)
    return _edited(card, lines, variant) if variant.attack == "text_edit" else card


def passport_page(holder: Holder, *, seed: int, expiry: date = GENUINE.expiry) -> Rgb:
    """A passport's data page with its machine readable zone, (1126, 1600, 3)."""
    rng = np.random.default_rng((seed, 2))
    page = blank(TD3_SIZE, _PASSPORT_TINTS, rng)
    face = crop_35_45(holder.portrait)
    cv2.rectangle(page, (0, 905), (1600, 1126), (244, 243, 238), -1)
    page = write(page, [*_passport_lines(holder, expiry), *_zone_lines(machine_zone(holder, expiry))])
    paste(page, face, PASSPORT_PORTRAIT_BOX)
    ghost(page, face, (1370, 560, 150, 193))
    return grain(page, rng)


def machine_zone(holder: Holder, expiry: date = GENUINE.expiry) -> tuple[str, str]:
    """The two lines of 44 characters of a TD3 machine readable zone (ICAO 9303-4)."""
    names = f"{holder.family_name}<<{holder.given_names}".replace(" ", "<")
    number = f"{holder.passport_number:<<9}"
    born, ends = f"{holder.date_of_birth:%y%m%d}", f"{expiry:%y%m%d}"
    first = f"{number}{check_digit(number)}"
    middle = f"{born}{check_digit(born)}"
    last = f"{ends}{check_digit(ends)}{'<' * 14}0"
    second = f"{first}GBR{middle}{holder.sex}{last}"
    return f"P<GBR{names:<<39.39}", f"{second}{check_digit(first + middle + last)}"


def check_digit(text: str) -> int:
    """ICAO 9303-3's check digit: weights 7, 3, 1; digits as they are, A..Z 10..35, the filler 0."""
    values = (0 if letter == "<" else int(letter, 36) for letter in text)
    return sum(value * (7, 3, 1)[index % 3] for index, value in enumerate(values)) % 10


def _heading() -> list[Line]:
    blue, red = (28, 60, 140), (176, 28, 60)
    return [
        Line("UK", 94, 152, 64, "bold", (250, 250, 252)),
        Line("DRIVING LICENCE", 540, 108, 76, "bold", blue),
        Line("UNITED KINGDOM", 1130, 150, 28, "sans", blue),
        Line("SPECIMEN", 1240, 960, 52, "bold", red),
    ]


def _licence_lines(holder: Holder, expiry: date, shift_px: int) -> list[Line]:
    rows = [
        ("1", holder.family_name, 218, 46),
        ("2", f"{holder.title} {holder.given_names}", 286, 42),
        ("3", f"{holder.date_of_birth:%d.%m.%Y}  {holder.place_of_birth}", 366, 42),
        ("4a", f"{ISSUED:%d.%m.%Y}", 434, 42),
        ("4b", f"{expiry:%d.%m.%Y}", 502, 42),
        ("5", f"{holder.driver_number} 42", 580, 46),
        ("8", holder.address[0], 748, 38),
        ("", holder.address[1], 800, 38),
        ("9", "AM/A/B1/B/BE/f/k/l/n/p/q", 880, 36),
    ]
    lines = [Line(text, _VALUE_X + shift_px, y + shift_px, size, "bold") for _, text, y, size in rows]
    labels = [Line(f"{label}.", 548, y + shift_px, 28) for label, _, y, _ in rows if label]
    authority = [Line("4c.", 1010, 434 + shift_px, 28), Line("DVLA", 1082, 434 + shift_px, 42, "bold")]
    signature = [Line("7.", 548, 655, 28), Line(holder.family_name.title(), 640, 668, 64, "script")]
    return [*lines, *labels, *authority, *signature, Line("6.", 60, 815, 28)]


def _passport_lines(holder: Holder, expiry: date) -> list[Line]:
    rows = [
        ("Surname", holder.family_name, 560, 270),
        ("Given names", holder.given_names, 560, 372),
        ("Nationality", "BRITISH CITIZEN", 560, 474),
        ("Date of birth", f"{holder.date_of_birth:%d %b %Y}".upper(), 560, 576),
        ("Sex", holder.sex, 980, 576),
        ("Place of birth", holder.place_of_birth, 560, 678),
        ("Date of issue", f"{ISSUED:%d %b %Y}".upper(), 560, 780),
        ("Date of expiry", f"{expiry:%d %b %Y}".upper(), 980, 780),
        ("Passport No.", holder.passport_number, 1180, 168),
        ("Type", "P", 560, 168),
        ("Code", "GBR", 760, 168),
    ]
    values = [Line(text, x, y, 40, "bold") for _, text, x, y in rows]
    labels = [Line(label, x, y - 44, 24, "sans", (60, 70, 110)) for label, _, x, y in rows]
    heading = [Line("UNITED KINGDOM  PASSPORT", 70, 80, 46, "bold", (90, 40, 60))]
    return [*values, *labels, *heading, Line("SPECIMEN", 1180, 880, 52, "bold", (176, 28, 60))]


def _zone_lines(zone: tuple[str, str]) -> list[Line]:
    # OCR-B size 1 has 10 characters an inch (ICAO 9303-3, 4.2): 2.54 mm of a page 125 mm and 1,600 px wide.
    pitch_px = 2.54 / 125 * 1600
    places = ((zone[0], 990), (zone[1], 1068))
    return [Line(text, 84, y, 50, "ocr_b", (20, 20, 22), pitch_px) for text, y in places]


def _smeared(card: Rgb, lines: list[Line]) -> Rgb:
    inked = write(card, lines)
    inked[:, 520:1380] = cv2.blur(inked, (61, 31))[:, 520:1380]
    return inked


def _stuck_on(card: Rgb, face: Rgb, rng: np.random.Generator) -> Rgb:
    x, y, width, height = PORTRAIT_BOX
    turn = cv2.getRotationMatrix2D((x + width / 2, y + height / 2), float(rng.uniform(-1, 1)), 1.0)
    sheet, cover = np.zeros_like(card), np.zeros(card.shape[:2], np.float32)
    paste(sheet, face, (x - 4, y - 4, width + 8, height + 8))
    cover[y - 4 : y + height + 4, x - 4 : x + width + 4] = 1
    sheet = uint8(cv2.warpAffine(sheet, turn, ID1_SIZE, flags=cv2.INTER_LINEAR))
    cover = np.asarray(cv2.warpAffine(cover, turn, ID1_SIZE), np.float32)
    shadow = cv2.GaussianBlur(np.roll(cover, (7, 5), axis=(0, 1)), (0, 0), 5)[..., None] * 0.45
    under = card.astype(np.float32) * (1 - shadow)
    stuck = grain(sheet, rng, 1.5).astype(np.float32)
    return uint8(under * (1 - cover[..., None]) + stuck * cover[..., None])


def _edited(card: Rgb, lines: list[Line], variant: Variant) -> Rgb:
    label, text = variant.edited
    line = next(line for line in lines if line.y == next(at.y for at in lines if at.text == f"{label}."))
    top, bottom, left = line.y - line.size_px - 4, line.y + 12, line.x - 8
    right = 1376
    ground = cv2.resize(card[top - 12 : top - 4, left:right], (right - left, bottom - top))
    card[top:bottom, left:right] = cv2.blur(ground, (25, 9))
    return write(card, [Line(text, line.x, line.y - 1, line.size_px, "serif", (8, 8, 8))])
