"""What two cases have in common is the same from either side, and each rule of the table is reached."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from consumers.fraud.book import Book, Known, Opening, Shelf
from consumers.fraud.fingerprints import Details, Number
from consumers.fraud.likeness import RULES, compare, rule_of
from consumers.fraud.scoring import matches_of, scored
from consumers.fraud.signals import CLASS_OF, Kind, Signal
from protocol.catalogue import PersonalClass
from tests.consumers.fraud.office import face, near_to

SHELF = Shelf("cl_1", True)


def number(said: str) -> bytes:
    found = Number.of(said)
    assert found is not None
    return found.written()


def details(name: str, born: str) -> bytes:
    found = Details.of(name, born)
    assert found is not None
    return found.written()


VALUES = {
    Kind.DOCUMENT: [number("MORGA657054SM9IJ"), number("MORGA657O54SM9IJ"), number("JONES801023XY1AB")],
    Kind.DETAILS: [details("Ada Lovelace", "1990-04-12"), details("Ada Lovelase", "1990-04-12")],
    Kind.PICTURE: [b"p1", b"p2"],
    Kind.CLIP: [b"c1", b"c2"],
    Kind.FACE: [face(1).tobytes(), near_to(face(1), 0.3).tobytes(), near_to(face(1), 0.5).tobytes()],
    Kind.DEVICE: [b"d1", b"d2"],
}
SIGNALS = st.lists(
    st.sampled_from(
        [Signal(kind, str(n), value) for kind, some in VALUES.items() for n, value in enumerate(some)]
    ),
    max_size=5,
)


def known(book: Book, case: str, applicant: str, signals: list[Signal]) -> Known:
    one = book.open(Opening(case, SHELF, applicant, 0))
    for signal in signals:
        book.put(one, signal)
    return one


@given(SIGNALS, SIGNALS, st.booleans())
def test_it_is_the_same_both_ways_round(ours: list[Signal], theirs: list[Signal], one_person: bool) -> None:
    book = Book()
    one = known(book, "1", "a1", ours)
    other = known(book, "2", "a1" if one_person else "a2", theirs)

    assert compare(one, other) == compare(other, one)
    assert rule_of(one, other) == rule_of(other, one)


@given(SIGNALS, SIGNALS)
def test_whatever_a_rule_holds_of_is_found_by_the_book(ours: list[Signal], theirs: list[Signal]) -> None:
    book = Book()
    one, other = known(book, "1", "a1", ours), known(book, "2", "a2", theirs)
    rule = rule_of(one, other)

    found = [(match.rule, match.other) for match in matches_of(one, book, [])]
    assert found == ([] if rule is None else [(rule, other)])


@given(st.lists(st.tuples(st.integers(0, 3), SIGNALS), max_size=6), st.randoms(use_true_random=False))
def test_in_whatever_order_signals_come_a_case_stands_alike(
    steps: list[tuple[int, list[Signal]]], random: object
) -> None:
    one_order = [(case, signal) for case, signals in steps for signal in signals]
    # What comes from one source again replaces: of these only the last would count.
    one_order = list({(case, s.kind, s.source): (case, s) for case, s in one_order}.values())
    another = sorted(one_order, key=lambda _: random.random())  # type: ignore[attr-defined]  # Random

    assert _standing(one_order) == _standing(another)


def _standing(order: list[tuple[int, Signal]]) -> list[object]:
    book = Book()
    cases = [known(book, str(n), f"a{n}", []) for n in range(4)]
    for case, signal in order:
        book.put(cases[case], signal)
    return [scored(one, matches_of(one, book, []), because_of="").findings for one in cases]


@given(signals=SIGNALS, personal=st.sampled_from([PersonalClass.BIOMETRIC, PersonalClass.IDENTITY]))
def test_what_is_dropped_is_found_no_more(signals: list[Signal], personal: PersonalClass) -> None:
    book = Book()
    one, other = known(book, "1", "a1", signals), known(book, "2", "a2", signals)
    book.drop(one, personal)

    left = set(one.kinds)
    assert left == {s.kind for s in signals if CLASS_OF[s.kind] is not personal}
    assert all(set(m.rule.needs) & left for m in matches_of(other, book, []))


def test_each_rule_has_a_code_of_its_own_and_a_weight_below_one() -> None:
    codes = [rule.code for rule in RULES]

    assert len(codes) == len(set(codes))
    assert all(0 < rule.weight_01 < 1 for rule in RULES)


def test_among_many_who_were_born_that_day_the_one_of_the_same_name_is_found() -> None:
    book = Book()
    oldest = known(book, "oldest", "a", [Signal(Kind.DETAILS, "x", details("Ada Lovelace", "1990-04-12"))])
    book.put(oldest, Signal(Kind.DOCUMENT, "x", number("MORGA657054SM9IJ")))
    for n in range(300):
        name = "".join(chr(97 + n // 26**place % 26) for place in range(3)) * 3
        one = book.open(Opening(f"case-{n}", SHELF, f"a{n}", n + 1))
        book.put(one, Signal(Kind.DETAILS, "x", details(name, "1990-04-12")))
    new = book.open(Opening("new", SHELF, "b", 1_000))
    book.put(new, Signal(Kind.DETAILS, "x", details("Ada Lovelace", "1990-12-04")))
    book.put(new, Signal(Kind.DOCUMENT, "x", number("JONES801023XY1AB")))

    assert [match.other for match in matches_of(new, book, [])] == [oldest]


def test_a_device_that_a_thousand_used_finds_the_newest_and_weighs_little() -> None:
    book = Book()
    for n in range(1_000):
        book.put(book.open(Opening(f"case-{n:04}", SHELF, f"a{n}", n)), Signal(Kind.DEVICE, "e", b"kiosk"))
    new = book.open(Opening("new", SHELF, "b", 1_000))
    book.put(new, Signal(Kind.DEVICE, "e", b"kiosk"))

    matches = matches_of(new, book, [])
    assert [match.other.opening.case for match in matches] == [f"case-{n:04}" for n in range(999, 900, -1)]
    score = scored(new, matches, because_of="")
    assert [finding.code for finding in score.findings] == ["same_device"]
    assert score.score_01 < 0.25
