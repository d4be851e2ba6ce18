"""The two invented people of every specimen: nobody has these names, numbers and addresses together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

__all__ = ["HOLDERS", "HOLDER_A", "HOLDER_B", "Holder", "driver_number"]

Sex = Literal["F", "M"]


@dataclass(frozen=True, slots=True)
class Holder:
    """An invented person, as their documents print them (capital letters).

    `portrait` and `clip_portrait` name photographs of `tests.specimens.portraits`.
    """

    key: Literal["a", "b"]
    title: str
    given_names: str
    family_name: str
    sex: Sex
    date_of_birth: date
    place_of_birth: str
    address: tuple[str, str]
    driver_number: str
    passport_number: str
    portrait: str
    clip_portrait: str


def driver_number(family_name: str, given_names: str, sex: Sex, born: date, tail: str) -> str:
    """A Great Britain driver number, 16 characters, by DVLA's rule.

    `tail` is the arbitrary digit and the two computer check characters, whose rule is not public.
    Source: DVLA's description of field 5 (`facts/kyc.md`, section 6): five letters of the family name filled
    with 9 (MAC is written MC), decade digit, month (+50 for women), day, year digit, two initials.
    """
    surname = "".join(filter(str.isalpha, family_name))
    surname = "MC" + surname[3:] if surname.startswith("MAC") else surname
    initials = "".join(name[0] for name in given_names.split()[:2])
    month = born.month + (50 if sex == "F" else 0)
    decade, year = divmod(born.year % 100, 10)
    return f"{surname:9<5.5}{decade}{month:02}{born.day:02}{year}{initials:9<2}{tail}"


HOLDER_A = Holder(
    key="a",
    title="MR",
    given_names="THEODORE MILES",
    family_name="HOLLOWAY",
    sex="M",
    date_of_birth=date(1961, 3, 14),
    place_of_birth="UNITED KINGDOM",
    address=("14 LARKSPUR TERRACE", "NETHERBY NB4 7QX"),
    driver_number=driver_number("HOLLOWAY", "THEODORE MILES", "M", date(1961, 3, 14), "9KD"),
    passport_number="527490163",
    portrait="obama",
    clip_portrait="obama3",
)
HOLDER_B = Holder(
    key="b",
    title="MS",
    given_names="ISOLDE MARREN",
    family_name="FENN",
    sex="F",
    date_of_birth=date(1968, 11, 19),
    place_of_birth="UNITED KINGDOM",
    address=("3 COPPERBEECH LANE", "OVERWICK OW2 9ZT"),
    driver_number=driver_number("FENN", "ISOLDE MARREN", "F", date(1968, 11, 19), "9TR"),
    passport_number="613208754",
    portrait="astronaut",
    clip_portrait="astronaut",
)
HOLDERS = {"a": HOLDER_A, "b": HOLDER_B}
