"""The report of a re-scoring: check by check, step by step, what would be otherwise, and in which cases."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Final

from google.protobuf.message import Message

from protocol.catalogue import type_name
from protocol.otherwise import Answer, CaseAnswers
from protocol.schemas import verification_v1_pb2 as v
from subscriber import first_lines, moves_told
from verification.rescoring.comparing import leaves

__all__ = ["Tally"]

_NOTHING: Final = "nothing"
_P95: Final = 94


@dataclass(slots=True)
class _Numbers:
    """A measure as it was and as it would be."""

    before: array[float] = field(default_factory=lambda: array("d"))
    after: array[float] = field(default_factory=lambda: array("d"))

    def told(self) -> str:
        return f"{_spread(self.before)} before, {_spread(self.after)} after"


@dataclass(slots=True)
class _Kind:
    """The answers to one check, or the facts of one kind."""

    answers: int = 0
    different: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    went: Counter[str] = field(default_factory=Counter)
    differs: Counter[str] = field(default_factory=Counter)
    models: set[tuple[str, str]] = field(default_factory=set)
    numbers: defaultdict[str, _Numbers] = field(default_factory=lambda: defaultdict(_Numbers))

    def add(self, answer: Answer) -> None:
        self.answers += 1
        self.different += bool(answer.differs)
        self.differs.update(answer.differs)
        before, after = _reasons(answer.was), _reasons(answer.would_be)
        self.came.update(after - before)
        self.went.update(before - after)
        if isinstance(answer.was or answer.would_be, v.CheckCompleted):
            self.moves[_status(answer.was), _status(answer.would_be)] += 1
        self.models.add((_model(answer.was), _model(answer.would_be)))
        for name, score in _scores(answer.was):
            self.numbers[name].before.append(score)
        for name, score in _scores(answer.would_be):
            self.numbers[name].after.append(score)

    def told(self, name: str) -> Iterator[str]:
        models = ", ".join(f"{a} -> {b}" if a != b else a for a, b in sorted(self.models) if a or b)
        head = f"{name}{f' ({models})' if models else ''}"
        yield f"{head}: {self.answers} answers; {self.different} would be otherwise"
        yield from moves_told(self.moves)
        for word, counted in (("came", self.came), ("went", self.went), ("otherwise", self.differs)):
            if counted:
                yield f"  {word}: {', '.join(f'{what} {n}' for what, n in counted.most_common())}"
        for measure, numbers in sorted(self.numbers.items()):
            yield f"  {measure}: {numbers.told()}"


@dataclass(slots=True)
class Tally:
    """What the cases so far came to; `add` them in any order."""

    cases: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)
    kinds: defaultdict[str, _Kind] = field(default_factory=lambda: defaultdict(_Kind))

    def add(self, case: CaseAnswers) -> None:
        """Count a case."""
        self.cases += 1
        if case.left_out:
            self.left_out[case.left_out] += 1
        if case.differs:
            self.different.append(case.case)
        for answer in case.answers:
            if answer.failed:
                self.failed[answer.failed] += 1
            elif (said := answer.was or answer.would_be) is not None:
                self.kinds[_kind(said)].add(answer)

    def told(self, *, most: int) -> Iterator[str]:
        """Tell everything; of the cases that would differ, so many."""
        outside = f"; left out: {_counted(self.left_out)}" if self.left_out else ""
        yield f"{self.cases} cases; {len(self.different)} would be answered otherwise{outside}"
        if self.failed:
            yield f"could not be done again: {_counted(self.failed)}"
        for name, kind in sorted(self.kinds.items()):
            yield from kind.told(name)
        yield from first_lines(self.different, most=most)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.most_common())


def _kind(said: Message) -> str:
    if isinstance(said, v.CheckCompleted):
        return said.check
    return type_name(said).rpartition(".")[2]


def _status(said: Message | None) -> str:
    return said.status if isinstance(said, v.CheckCompleted) else _NOTHING


def _model(said: Message | None) -> str:
    return str(getattr(said, "model", ""))


def _reasons(said: Message | None) -> set[str]:
    return {reason.code for reason in said.reasons} if isinstance(said, v.CheckCompleted) else set()


def _scores(said: Message | None) -> Iterator[tuple[str, float]]:
    """Give the measures of a message: scores, and whatever goes from 0 to 1."""
    for name, value in () if said is None else leaves(said):
        if isinstance(value, float) and name.endswith(("_01", ".score")):
            yield name, value


def _spread(values: array[float]) -> str:
    if not values:
        return _NOTHING
    if len(values) == 1:
        return f"{values[0]:.3f}"
    cuts = quantiles(values, n=100, method="inclusive")
    return f"median {cuts[49]:.3f}, p95 {cuts[_P95]:.3f}"
