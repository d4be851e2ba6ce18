"""What is known of a case, as a policy is asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from protocol.checks import CHECKS, Check, Grade
from protocol.policies import AGE, DOCUMENT

__all__ = ["Facts", "Known", "Waits"]


@dataclass(frozen=True, slots=True)
class Known:
    """A fact that has been said: its value, and the id of the event that says it.

    `scores`: of a check, the measures of its parts, each in its own unit.
    """

    value: str
    event_id: str
    scores: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Waits:
    """A check that waits by a dial: the event that says so, and until when, microseconds since 1970 UTC."""

    event_id: str
    until_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a case, on its newest evidence; what is absent has not been said yet.

    `checks`: the status each check ended with. `document`: the front's type. `age`: yes, no or unknown, to
    whether the holder has reached `minimum_age` (years, 0: none). `waited`: the checks that go on waiting by
    a dial, or did so before they ended.
    """

    minimum_age: int = 0
    checks: Mapping[Check, Known] = field(default_factory=dict)
    document: Known | None = None
    age: Known | None = None
    waited: Mapping[Check, Waits] = field(default_factory=dict)

    @property
    def event_ids(self) -> frozenset[str]:
        """The events that say what is known."""
        others = [fact.event_id for fact in (self.document, self.age) if fact is not None]
        return frozenset([*others, *[fact.event_id for fact in self.checks.values()]])

    @property
    def waits(self) -> Mapping[Check, Waits]:
        """The checks that wait now."""
        return {check: wait for check, wait in self.waited.items() if check not in self.checks}

    @property
    def counting(self) -> frozenset[str]:
        """The events that a decision may rest on: those that say what is known, and what is waited for."""
        return self.event_ids | {wait.event_id for wait in self.waits.values()}

    def trusting(self) -> Facts:
        """Give the facts as they would be if all that is waited for came out well."""
        clear = {check: Known(Grade.CLEAR, wait.event_id) for check, wait in self.waits.items()}
        return replace(self, checks={**self.checks, **clear}, waited={})

    def cut_off(self) -> Facts:
        """Give the facts as a policy reads them at its deadline: what has not been said is unavailable.

        What waits by a dial is left open. No event says what is made up here.
        """
        open_ = (check for check in CHECKS if check not in self.checks and check not in self.waits)
        return replace(
            self,
            checks={**self.checks, **{check: Known(Grade.UNAVAILABLE, "") for check in open_}},
            document=self.document or Known("unknown", ""),
            age=self.age or Known("unknown", ""),
        )

    def all(self) -> Iterator[tuple[str, Known]]:
        """List what is known, by name."""
        yield from ((check.value, self.checks[check]) for check in CHECKS if check in self.checks)
        if self.document is not None:
            yield DOCUMENT, self.document
        if self.age is not None:
            yield AGE, self.age

    def without(self, name: str) -> Facts:
        """Give the facts as they would be if one were not known."""
        if name == DOCUMENT:
            return replace(self, document=None)
        if name == AGE:
            return replace(self, age=None)
        return replace(self, checks={check: known for check, known in self.checks.items() if check != name})
