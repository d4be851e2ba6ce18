"""`python -m consumers.decisions backtest`: what a draft, or this version, would have decided otherwise."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from consumers.decisions.backtest import DRAFT, Compared, Draft, Verdict, compare
from protocol.policies import PolicyRef, WrongPolicy, read
from subscriber import Service, moves_told, shown
from subscriber.serving import ServiceSettings, Verb

__all__ = ["backtest"]

_SHOWN: Final = 50


def backtest(described: Callable[[ServiceSettings], Service]) -> Verb:
    """Make the command; `described` gives the service with a source of what it has said as well."""

    def do(settings: ServiceSettings, asked: Namespace) -> int:
        try:
            draft = _draft(asked)
        except (WrongPolicy, OSError) as error:
            print(f"decisions: {asked.policy}: {error}", file=sys.stderr)
            return 2
        compared = compare(described(settings), draft, progress=_progress)
        for line in _as_json(compared) if asked.json else _told(compared, most=asked.most):
            print(line)
        return 0

    return Verb(
        name="backtest",
        help="run the history again, with a draft of a policy or as it was, and say what would differ",
        arguments=_arguments,
        do=do,
    )


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--policy", type=Path, help="the draft's file; without it: every case as it is pinned"
    )
    parser.add_argument("--name", default="", help="the draft's name: cases opened under it are asked again")
    parser.add_argument("--client", default="", help="whose cases")
    parser.add_argument("--by-stake", action="store_true", help="also cases whose stake the draft is for")
    parser.add_argument("--most", type=int, default=_SHOWN, help="how many different cases are told")
    parser.add_argument("--json", action="store_true", help="a JSON line for every different case")


def _draft(asked: Namespace) -> Draft | None:
    if asked.policy is None:
        return None
    if not asked.client or not asked.name:
        raise WrongPolicy("a draft needs --client and --name")
    policy = read(asked.policy.read_text(encoding="utf-8"), PolicyRef(asked.name, DRAFT))
    return Draft(asked.client, policy, by_stake=asked.by_stake)


def _progress(through: int, head: int) -> None:
    print(f"decisions: {through} of {head} events", file=sys.stderr, flush=True)


def _told(compared: Compared, *, most: int) -> Iterator[str]:
    different = compared.different()
    yield f"{len(compared.cases)} cases; {len(different)} would be decided otherwise"
    sides = {case: compared.cases[case] for case in different}
    yield from moves_told((_said(was), _said(would_be)) for was, would_be in sides.values())
    lines = [
        f"{case}: {_reasoned(was, compared)} -> {_reasoned(would_be, compared)}"
        for case, (was, would_be) in sides.items()
    ]
    yield from shown(lines, most=most)


def _as_json(compared: Compared) -> Iterator[str]:
    for case in compared.different():
        sides = zip(("was", "would_be"), compared.cases[case], strict=True)
        yield json.dumps({"case": case, **{name: _side(verdict, compared) for name, verdict in sides}})


def _side(verdict: Verdict | None, compared: Compared) -> dict[str, object] | None:
    if verdict is None:
        return None
    because = [compared.facts.get(event_id, event_id) for event_id in verdict.because]
    return {"said": verdict.said, "because": because, "missing": list(verdict.missing)}


def _said(verdict: Verdict | None) -> str:
    return "nothing" if verdict is None else verdict.said


def _reasoned(verdict: Verdict | None, compared: Compared) -> str:
    if verdict is None:
        return "nothing"
    because = ", ".join(compared.facts.get(event_id, event_id) for event_id in verdict.because)
    missing = f"; waits for {', '.join(verdict.missing)}" if verdict.missing else ""
    return f"{verdict.said} ({because or 'no fact'}{missing})"
