"""What a policy asks, laid out so that all the questions of a condition are asked of some facts at once.

Each single question is a bit. Facts make two numbers: the questions that hold, and those that do not.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

from consumers.decisions.known import Facts, Known
from protocol.checks import CHECKS, Check, Grade
from protocol.policies import (
    AGAINST,
    AGE,
    DOCUMENT,
    AgeProven,
    AllOf,
    AnyOf,
    Atom,
    CheckIs,
    CompiledPolicy,
    DocumentIs,
    Formula,
    Outcome,
    Rule,
    ScoreAtLeast,
    Unless,
)

__all__ = ["Answers", "Group", "Questions"]


@dataclass(frozen=True, slots=True)
class Group:
    """Questions, by their bits, and other groups, of which one alone that comes to `by` settles the whole.

    `turned`: it holds where this does not.
    """

    by: bool
    questions: int
    groups: tuple[Group, ...] = ()
    turned: bool = False


class Answers(NamedTuple):
    """The questions that hold, those that do not, and of both the ones that an event has answered."""

    yes: int
    no: int
    said: int

    def read(self, group: Group) -> tuple[bool | None, int]:
        """Tell whether a condition holds (None: it cannot be told yet), and the answers that tell it."""
        holds, because = self._read(group)
        return holds, because & self.said

    def _read(self, group: Group) -> tuple[bool | None, int]:
        by, asked = group.by, group.questions
        settling, seen = asked & (self.yes if by else self.no), asked & (self.yes | self.no)
        settled, known = settling != 0, seen == asked
        for part in group.groups:
            holds, because = self._read(part)
            seen |= because
            if holds is by:
                settled, settling = True, settling | because
            elif holds is None:
                known = False
        if settled:
            return by is not group.turned, settling
        return (by is group.turned) if known else None, seen


class Questions:
    """The questions of one policy; `rules` ends with the refer that holds where no rule does."""

    def __init__(self, policy: CompiledPolicy) -> None:
        self._bits: dict[Atom | Check, int] = {}
        # By the fact that answers them.
        self._of: defaultdict[str, int] = defaultdict(int)
        # No policy lifts it: an approval asks of each check whether it has ended against it.
        self._unopposed = sum(self._bit(check, check) for check in CHECKS)
        self._age = self._bit(AgeProven(), AGE)
        self.rules = [(r.outcome, self._rule(r)) for r in (*policy.policy.rules, Rule(Outcome.REFER))]
        ahead = policy.policy.provisional
        self.ahead = None if ahead is None else self._rule(Rule(Outcome.APPROVE, ahead))
        self._graded: dict[Check, dict[str, tuple[int, int]]] = {
            check: {status: self._told(policy, check, status) for status in Grade} for check in CHECKS
        }
        asked = self._bits.items()
        self._measured = [(atom, bit) for atom, bit in asked if isinstance(atom, ScoreAtLeast)]
        self._documents = [(atom.types, bit) for atom, bit in asked if isinstance(atom, DocumentIs)]

    def answered(self, facts: Facts) -> Answers:
        """Tell what facts answer."""
        yes, no = 0, 0
        for check, known in facts.checks.items():
            graded = self._graded[check]
            # A grade of a version to come says nothing that we understand.
            holds, not_ = graded.get(known.value, graded[Grade.UNAVAILABLE])
            yes, no = yes | holds, no | not_
        for atom, bit in self._measured:
            measured = facts.checks.get(atom.check)
            if measured is not None:
                yes, no = (yes | bit, no) if _reaches(measured, atom) else (yes, no | bit)
        if facts.document is not None:
            for types, bit in self._documents:
                yes, no = (yes | bit, no) if facts.document.value in types else (yes, no | bit)
        if facts.minimum_age and facts.age is not None:
            yes, no = (yes | self._age, no) if facts.age.value == "yes" else (yes, no | self._age)
        proven = 0 if facts.minimum_age else self._age
        return Answers(yes | self._unopposed & ~no | proven, no, said=yes | no)

    def events(self, facts: Facts, told: int) -> frozenset[str]:
        """Name the events that have answered some questions."""
        return frozenset([known.event_id for name, known in facts.all() if told & self._of[name]])

    def _rule(self, rule: Rule) -> Group:
        when = self._group(rule.when)
        if rule.outcome is not Outcome.APPROVE:
            return when
        return Group(by=False, questions=self._age | self._unopposed, groups=(when,))

    def _group(self, formula: Formula) -> Group:
        match formula:
            case AllOf(parts) | AnyOf(parts):
                single = {self._asked(part) for part in parts if isinstance(part, Atom)}
                groups = tuple(self._group(part) for part in parts if not isinstance(part, Atom))
                return Group(by=isinstance(formula, AnyOf), questions=sum(single), groups=groups)
            case Unless(part):
                group = self._group(part)
                return replace(group, turned=not group.turned)
            case _:
                return Group(by=False, questions=self._asked(formula))

    def _asked(self, atom: Atom) -> int:
        match atom:
            case CheckIs(check) | ScoreAtLeast(check):
                return self._bit(atom, check)
            case DocumentIs():
                return self._bit(atom, DOCUMENT)
            case AgeProven():
                return self._age

    def _bit(self, question: Atom | Check, fact: str) -> int:
        bit = self._bits.setdefault(question, 1 << len(self._bits))
        self._of[fact] |= bit
        return bit

    def _told(self, policy: CompiledPolicy, check: Check, status: str) -> tuple[int, int]:
        """Tell which questions hold when a check has ended so, and which do not."""
        yes, no = 0, self._bits[check] if status in AGAINST else 0
        for atom, bit in self._bits.items():
            if isinstance(atom, CheckIs) and atom.check is check:
                holds = policy.graded(check, status) in atom.grades
                yes, no = (yes | bit, no) if holds else (yes, no | bit)
        return yes, no


def _reaches(known: Known, atom: ScoreAtLeast) -> bool:
    return any(name == atom.part and score >= atom.least for name, score in known.scores)
