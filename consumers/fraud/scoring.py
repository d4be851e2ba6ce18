"""What is said of a case: everything that it has in common with others, put in words and added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, NamedTuple

from consumers.fraud.book import Book, Known, Shelf, newest_first
from consumers.fraud.likeness import MODEL, RULES, Rule, rule_of
from protocol.schemas import fraud_v1_pb2 as fraud

__all__ = ["COUNTED", "Match", "matches_of", "scored"]

_LISTED: Final = 10
# More of one kind weighs more, up to so many.
COUNTED: Final = 5
_DAY_US: Final = 24 * 3_600 * 1_000_000
# Within a day, cases that share a person, document or file: so many others are too many.
_MANY: Final = 4
_MANY_TRIES = Rule(
    code="many_tries",
    weight_01=0.50,
    needs={},
    each=False,
    says="the same person, document or file was seen within a day",
)
# Many people may share a device, as at a counter, or nearly a name.
_NOBODYS: Final = frozenset({"same_device", "similar_details"})
_ORDER: Final = {rule.code: n for n, rule in enumerate((*RULES, _MANY_TRIES))}


class Match(NamedTuple):
    """Another case that has something in common, and the group it is known through; "": the client's own."""

    rule: Rule
    other: Known
    group: str


def matches_of(known: Known, book: Book, members: Iterable[tuple[str, str]]) -> list[Match]:
    """Find what a case has in common with its client's other cases, and with those of `members`.

    Args:
        known: the case.
        book: what is known.
        members: the clients that its client is compared with, each with a group.
    """
    live, found = known.opening.shelf.live, []
    for client, group in [(known.opening.shelf.client, ""), *members]:
        for other in book.alike(known, Shelf(client, live)):
            rule = rule_of(known, other)
            if rule is not None:
                found.append(Match(rule, other, group))
    return found


def scored(known: Known, matches: Sequence[Match], *, because_of: str) -> fraud.FraudScored:
    """Say how a case stands.

    The weights are added as if each finding were right by itself: 1 - (1 - a)(1 - b)…, a finding's own once
    for each case that it was found in, up to five.
    """
    findings = sorted(
        _findings(known, matches), key=lambda f: (-f.weight_01, _ORDER[f.code], f.sharing_group)
    )
    score = 1 - prod(1 - finding.weight_01 for finding in findings)
    return fraud.FraudScored(
        score_01=round(score, 3),
        findings=findings,
        compared=sorted(known.kinds),
        because_of=because_of,
        model=MODEL,
    )


@dataclass(frozen=True, slots=True)
class _Pile:
    """The cases of one rule and group."""

    rule: Rule
    group: str
    cases: tuple[Known, ...]

    def finding(self) -> fraud.Finding:
        """Say it; of another client's cases only how many there are."""
        count = len(self.cases)
        newest = sorted(self.cases, key=newest_first)[:_LISTED]
        times = min(count, COUNTED) if self.rule.each else 1
        where = f"of the sharing group {self.group}" if self.group else "of this client"
        cases = "case" if count == 1 else "cases"
        return fraud.Finding(
            code=self.rule.code,
            cases=count,
            case_ids=[] if self.group else [known.opening.case for known in newest],
            sharing_group=self.group,
            weight_01=round(1 - (1 - self.rule.weight_01) ** times, 3),
            explanation=f"In {count} other {cases} {where}, {self.rule.says}.",
        )


def _findings(known: Known, matches: Sequence[Match]) -> Iterator[fraud.Finding]:
    piles: dict[tuple[str, str], list[Match]] = {}
    for match in matches:
        piles.setdefault((match.rule.code, match.group), []).append(match)
    for (_, group), pile in piles.items():
        yield _Pile(pile[0].rule, group, tuple(match.other for match in pile)).finding()
    near = [m for m in matches if abs(m.other.opening.at_us - known.opening.at_us) <= _DAY_US]
    own = tuple(m.other for m in near if not m.group and m.rule.code not in _NOBODYS)
    if len(own) >= _MANY:
        yield _Pile(_MANY_TRIES, "", own).finding()
