"""A policy made ready to be asked: which facts it names, which of their values it tells apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Final

from protocol.checks import CHECKS, Check, Grade
from protocol.policies.diagram import Diagram, Left, Variable, compiled
from protocol.policies.formula import (
    AgeProven,
    AllOf,
    AnyOf,
    CheckIs,
    DocumentIs,
    Formula,
    Outcome,
    Policy,
    Rule,
    ScoreAtLeast,
    Unless,
    atoms,
)

__all__ = ["AGAINST", "AGE", "DOCUMENT", "CompiledPolicy", "score_name"]

DOCUMENT: Final = "document_type"
AGE: Final = "over_minimum"
# Grades that no approval stands beside, whatever the policy says.
AGAINST: Final = frozenset({Grade.SUSPECTED, Grade.REJECTED})
# Some 300 bytes each.
_KEPT: Final = 10_000
_NOT_AGAINST: Final = frozenset(Grade) - AGAINST
_AS_IT_IS: Final[dict[str, Grade]] = {grade: grade for grade in Grade}


def score_name(check: Check, part: str) -> str:
    """Name the measure of a part of a check."""
    return f"{check}/{part}"


class CompiledPolicy:
    """Ask `diagram` what follows, with the classes of what is known put in.

    To each rule that approves is added what no policy lifts: the age is proven, and no check it names has
    ended suspected or rejected. Checks that it does not name are not waited for; once one of them has ended
    so, nothing is approved: `barred`.

    Raises:
        TooComplicated: the facts can come to more than is kept apart.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        asked = [atom for rule in policy.rules for atom in atoms(rule.when)]
        asked += [] if policy.provisional is None else list(atoms(policy.provisional))
        self.named = frozenset(a.check for a in asked if isinstance(a, CheckIs | ScoreAtLeast))
        self._counts_as = dict(policy.counts_as)
        # A grade that is counted as another one does not come: no rule can wait for it.
        self._grades = {
            check: tuple(g for g in Grade if g is not Grade.NOT_APPLICABLE or check not in self._counts_as)
            for check in CHECKS
        }
        # By the status with which a check ends, as it is counted: its grade, and the class of that.
        self._graded: dict[Check, dict[str, Grade]] = {
            check: {**_AS_IT_IS, Grade.NOT_APPLICABLE: self._counts_as.get(check, Grade.NOT_APPLICABLE)}
            for check in CHECKS
        }
        self._classes: dict[Check, dict[str, int]] = {
            check: {status: self._grades[check].index(grade) for status, grade in graded.items()}
            for check, graded in self._graded.items()
        }
        self._bounds = _bounds(asked)
        self._measured = [(place[0], score_name(*place), bounds) for place, bounds in self._bounds.items()]
        # The checks whose measures are asked for.
        self.measured = frozenset(check for check, _ in self._bounds)
        self._documents = sorted(
            frozenset[str]().union(*(a.types for a in asked if isinstance(a, DocumentIs)))
        )
        self._made: dict[tuple[bool, bool], tuple[Diagram, tuple[bool, ...]]] = {}
        self._names = tuple(variable.name for variable in self._variables())
        self._left: dict[tuple[bool | int | None, ...], Left] = {}
        # All of it now: what is too complicated is so when it is written, not when a case is decided.
        for aged, barred in product((False, True), (False, True)):
            self._of(aged=aged, barred=barred)
        self.decides = self._of(aged=True, barred=False)[1]

    def diagram(self, *, aged: bool, barred: bool) -> Diagram:
        """Give what follows from facts.

        Args:
            aged: the case has a minimum age.
            barred: a check that the policy does not name has ended suspected or rejected.
        """
        return self._of(aged=aged, barred=barred)[0]

    def left(self, known: Mapping[str, int], *, aged: bool, barred: bool) -> Left:
        """Tell what is left open once the classes of what is known are put in; otherwise as `diagram`.

        Cases are alike: the answer for the same classes is kept.
        """
        key = aged, barred, *map(known.get, self._names)
        found = self._left.get(key)
        if found is None:
            if len(self._left) >= _KEPT:
                self._left.clear()
            found = self._left[key] = self.diagram(aged=aged, barred=barred).left(known)
        return found

    def reads(self, check: Check) -> bool:
        """Tell whether there is any case in which what a check ends with could tell."""
        asked = (self.left({}, aged=aged, barred=False).open for aged in (False, True))
        return any(name.partition("/")[0] == check for names in asked for name in names)

    def graded(self, check: Check, status: str) -> Grade:
        """Read the status with which a check has ended as this policy counts it."""
        # A grade of a version to come says nothing that we understand.
        return self._graded[check].get(status, Grade.UNAVAILABLE)

    def classes(
        self,
        *,
        document: str | None,
        age: str | None,
        checks: Iterable[tuple[Check, str]],
        scores: Iterable[tuple[str, float]] = (),
    ) -> dict[str, int]:
        """Put what is known into the classes that the policy tells apart; None: not known yet.

        Args:
            document: the front's type.
            age: yes, no or unknown.
            checks: those that have ended, with their status.
            scores: measures, by `score_name`; only those of the checks in `measured` are asked for.
        """
        found: dict[str, int] = {}
        for check, status in checks:
            classes = self._classes[check]
            found[check] = classes[status if status in classes else Grade.UNAVAILABLE]
        if document is not None:
            found[DOCUMENT] = self._kind(document)
        if age is not None:
            found[AGE] = int(age == "yes")
        measured = dict(scores)
        for check, name, bounds in self._measured:
            if check in found:
                score = measured.get(name)
                found[name] = 0 if score is None else sum(score >= bound for bound in bounds)
        return found

    def _kind(self, document: str) -> int:
        return self._documents.index(document) + 1 if document in self._documents else 0

    def _of(self, *, aged: bool, barred: bool) -> tuple[Diagram, tuple[bool, ...]]:
        if (aged, barred) not in self._made:
            rules = tuple(
                self._guarded(rule, aged=aged)
                for rule in self.policy.rules
                if not (barred and rule.outcome is Outcome.APPROVE)
            )
            self._made[aged, barred] = compiled(self._variables(), rules, self._ask)
        return self._made[aged, barred]

    def _guarded(self, rule: Rule, *, aged: bool) -> Rule:
        """Add to an approval what no policy lifts; without a minimum age there is nothing to prove."""
        when = rule.when if aged else _ageless(rule.when)
        if rule.outcome is not Outcome.APPROVE:
            return Rule(rule.outcome, when)
        proven = (AgeProven(),) if aged else ()
        unopposed = (CheckIs(check, _NOT_AGAINST) for check in CHECKS if check in self.named)
        return Rule(rule.outcome, AllOf((when, *proven, *unopposed)))

    def _variables(self) -> list[Variable]:
        scores = [
            Variable(score_name(check, part), len(bounds) + 1)
            for (check, part), bounds in self._bounds.items()
        ]
        checks = [Variable(check.value, len(self._grades[check])) for check in CHECKS if check in self.named]
        return [Variable(DOCUMENT, len(self._documents) + 1), Variable(AGE, 2), *checks, *scores]

    def _ask(self, atom: Formula) -> tuple[str, frozenset[int]]:
        match atom:
            case CheckIs(check, grades):
                known = self._grades[check]
                return check.value, frozenset(known.index(grade) for grade in grades if grade in known)
            case ScoreAtLeast(check, part, least):
                bounds = self._bounds[check, part]
                return score_name(check, part), frozenset(range(bounds.index(least) + 1, len(bounds) + 1))
            case DocumentIs(types):
                return DOCUMENT, frozenset(self._kind(type_) for type_ in types)
            case AgeProven():
                return AGE, frozenset({1})
            case _:
                raise TypeError(f"{atom} is no single question")


def _bounds(asked: Iterable[object]) -> dict[tuple[Check, str], list[float]]:
    """Collect the thresholds of each measure, rising."""
    found: dict[tuple[Check, str], set[float]] = defaultdict(set)
    for atom in asked:
        if isinstance(atom, ScoreAtLeast):
            found[atom.check, atom.part].add(atom.least)
    return {place: sorted(found[place]) for place in sorted(found)}


def _ageless(formula: Formula) -> Formula:
    """Take every question for the age as answered."""
    match formula:
        case AgeProven():
            return AllOf()
        case AllOf(parts):
            return AllOf(tuple(_ageless(part) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_ageless(part) for part in parts))
        case Unless(part):
            return Unless(_ageless(part))
        case _:
            return formula
