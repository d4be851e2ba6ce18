"""Which steps are run again: some by name, and those of a check with all that its facts come from."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from verification.pipeline.step import Step

__all__ = ["UnknownStep", "chosen"]


class UnknownStep(ValueError):
    """No step has a name that was given, or answers a check: the message lists those that there are."""


def chosen(
    steps: Sequence[Step], *, named: Collection[str] = (), checks: Collection[str] = ()
) -> tuple[Step, ...]:
    """Choose steps, in the order in which they are listed; nothing named: all of them.

    Args:
        steps: those that there are.
        named: names of steps; one hears what another of them says now, and of all others what they said.
        checks: names of checks; the steps before the one that answers it are run too, each on what the ones
            before it would say now.

    Raises:
        UnknownStep: there is no such step, or no step answers such a check.
    """
    by_name = {step.name: step for step in steps}
    by_check = {str(step.answers): step for step in steps if step.answers is not None}
    _all_there("step", named, by_name)
    _all_there("check that a step answers", checks, by_check)
    wanted = {step.name for check in checks for step in _with_those_before(by_check[check], steps)}
    return tuple(step for step in steps if step.name in wanted.union(named) or not (named or checks))


def _with_those_before(last: Step, steps: Sequence[Step]) -> list[Step]:
    """Give a step and all whose facts it hears, and theirs in turn."""
    found = [last]
    for step in found:
        heard = set(step.hears)
        found += [before for before in steps if heard.intersection(before.says) and before not in found]
    return found


def _all_there(kind: str, names: Collection[str], there: Collection[str]) -> None:
    if wrong := set(names) - set(there):
        raise UnknownStep(
            f"no {kind} is named {', '.join(sorted(wrong))}; there are {', '.join(sorted(there))}"
        )
