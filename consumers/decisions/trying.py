"""`python -m consumers.decisions backtest`: what a draft, or this version, would have decided otherwise."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

from consumers.decisions.backtest import Compared, Verdict, compare
from consumers.decisions.drafts import DRAFT, Draft
from consumers.decisions.supposing import NOTHING, Supposed
from protocol.policies import WrongPolicy, read
from subscriber import Service, first_lines, moves_told
from subscriber.serving import ServiceSettings, Verb

__all__ = ["backtest"]

T = TypeVar("T")
_SHOWN: Final = 50


def backtest(described: Callable[[ServiceSettings], Service]) -> Verb:
    """Make the command; `described` gives the service with a source of what it has said as well."""

    def do(settings: ServiceSettings, asked: Namespace) -> int:
        try:
            draft = _draft(asked)
            supposed = NOTHING if asked.supposed is None else _read(asked.supposed, Supposed.of)
        except _WrongUse as error:
            print(f"decisions: {error}", file=sys.stderr)
            return 2
        compared = compare(described(settings), draft, supposed=supposed, progress=_progress)
        if not compared.cases:
            looked_for = _looked_for(draft, asked.supposed)
            print(f"decisions: looked for {looked_for}: none of {compared.passed} is one", file=sys.stderr)
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
        "draft",
        metavar="DRAFT",
        nargs="?",
        type=Path,
        help="a file with a policy as PUT takes it; without it: every case as it is pinned",
    )
    parser.add_argument("--client", default="", help="whose cases; without it: every client's")
    parser.add_argument(
        "--name",
        default="",
        help="cases opened under a policy of this name; without it: those whose stake the draft is for, and "
        "every case if its stake is null",
    )
    parser.add_argument(
        "--by-stake", action="store_true", help="with --name: also cases whose stake the draft is for"
    )
    parser.add_argument(
        "--with",
        dest="supposed",
        type=Path,
        help="what a re-scoring has kept: its facts instead of those said",
    )
    parser.add_argument("--most", type=int, default=_SHOWN, help="how many different cases are told")
    parser.add_argument("--json", action="store_true", help="a JSON line for every different case")


class _WrongUse(ValueError):
    """What was asked for cannot be done; the message says what is wrong, where, and what to do."""


def _read(file: Path, made_of: Callable[[Path], T]) -> T:
    try:
        return made_of(file)
    except OSError as error:
        raise _WrongUse(f"{file} cannot be read: {error.strerror}; name a file that is there") from error
    except UnicodeDecodeError as error:
        raise _WrongUse(f"{file}: this is no text in UTF-8; write it as such") from error
    except WrongPolicy as error:
        raise _WrongUse(f"{file}: {error}; correct it, docs/policies.md has the language") from error
    except ValueError as error:
        raise _WrongUse(f"{file}: {error}") from error


def _draft(asked: Namespace) -> Draft | None:
    """Read the draft, and which cases it is tried on; None: there is none."""
    if asked.draft is not None:
        policy = _read(asked.draft, lambda file: read(file.read_text(encoding="utf-8"), DRAFT))
        return Draft(asked.client, policy, asked.name, by_stake=asked.by_stake)
    if asked.client or asked.name or asked.by_stake:
        raise _WrongUse(
            "--client, --name and --by-stake say which cases a draft is tried on: name its file before them, "
            "or leave them out, and every case is run again as it is pinned"
        )
    return None


def _looked_for(draft: Draft | None, supposed: Path | None) -> str:
    """Say which cases were to be compared."""
    cases = "cases" if draft is None else str(draft)
    return cases if supposed is None else f"{cases} that {supposed} has gone through"


def _progress(through: int, head: int) -> None:
    print(f"decisions: {through} of {head} events", file=sys.stderr, flush=True)


def _told(compared: Compared, *, most: int) -> Iterator[str]:
    different = compared.different()
    yield f"{len(compared.cases)} cases; {len(different)} would be decided otherwise"
    sides = {case: compared.cases[case] for case in different}
    yield from moves_told(Counter((_said(was), _said(would_be)) for was, would_be in sides.values()))
    facts, otherwise = compared.facts, compared.facts | compared.supposed
    lines = [
        f"{case}: {_reasoned(was, facts)} -> {_reasoned(would_be, otherwise)}"
        for case, (was, would_be) in sides.items()
    ]
    yield from first_lines(lines, most=most)


def _as_json(compared: Compared) -> Iterator[str]:
    facts, otherwise = compared.facts, compared.facts | compared.supposed
    for case in compared.different():
        was, would_be = compared.cases[case]
        yield json.dumps({"case": case, "was": _side(was, facts), "would_be": _side(would_be, otherwise)})


def _side(verdict: Verdict | None, facts: Mapping[str, str]) -> dict[str, object] | None:
    if verdict is None:
        return None
    because = [facts.get(event_id, event_id) for event_id in verdict.because]
    return {"said": verdict.said, "because": because, "missing": list(verdict.missing)}


def _said(verdict: Verdict | None) -> str:
    return "nothing" if verdict is None else verdict.said


def _reasoned(verdict: Verdict | None, facts: Mapping[str, str]) -> str:
    if verdict is None:
        return "nothing"
    because = ", ".join(facts.get(event_id, event_id) for event_id in verdict.because)
    missing = f"; waits for {', '.join(verdict.missing)}" if verdict.missing else ""
    return f"{verdict.said} ({because or 'no fact'}{missing})"
