"""Lines of print come to the numbers of a licence by their place, whatever else was read as a line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from verification.vision.grades import Box
from verification.vision.licence_rows import Label, rows_of
from verification.vision.text import Word

_PRINTED: dict[Label, tuple[int, str]] = {
    "1": (183, "HOLLOWAY"),
    "2": (255, "THEODORE"),
    "3": (335, "14.03.1961"),
    "4a": (403, "17.05.2024"),
    "4b": (470, "16.05.2034"),
    "5": (545, "HOLLO603141TM9KD"),
    "8": (720, "LARKSPUR"),
}
_SPECKS = st.lists(
    st.tuples(st.integers(100, 800), st.sampled_from([".", "|", ":", "\u2014", "'"])), max_size=6
)


def _page(*more: tuple[int, str]) -> list[Word]:
    lines = sorted([*_PRINTED.values(), *more])
    return [Word(text, Box(625, y, 260, 32), 0.9, line) for line, (y, text) in enumerate(lines)]


@given(specks=_SPECKS)
def test_specks_read_as_lines_of_their_own_take_no_row_of_the_print(specks: list[tuple[int, str]]) -> None:
    found = rows_of(_page(*specks))
    assert {label: rows[0].text for label, rows in found.items()} == {
        label: text for label, (_, text) in _PRINTED.items()
    }


def test_of_two_lines_in_a_rows_reach_the_nearer_is_the_rows() -> None:
    assert rows_of(_page((515, "l1")))["5"][0].text == "HOLLO603141TM9KD"
    assert rows_of(_page((577, "l1")))["5"][0].text == "HOLLO603141TM9KD"


def test_an_address_keeps_all_its_lines_from_the_top() -> None:
    rows = rows_of(_page((772, "NETHERBY")))["8"]
    assert [row.text for row in rows] == ["LARKSPUR", "NETHERBY"]


def test_a_page_of_specks_has_no_rows() -> None:
    assert rows_of([Word("|", Box(1380, y, 8, 40), 0.7, n) for n, y in enumerate((190, 330, 550))]) == {}
