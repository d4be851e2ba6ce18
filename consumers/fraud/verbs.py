"""The service's own command: `found`, how cases stand, the worst first, what was not said included."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from consumers.fraud import rows
from consumers.fraud.sharing import Execute
from subscriber.serving import ServiceSettings, Verb, open_current

__all__ = ["VERBS", "found_lines"]


def found_lines(execute: Execute, case: str, least_01: float, most: int) -> Iterator[str]:
    """Write how cases stand: a line for each, and one for each finding."""
    found = rows.worst(execute, case, least_01, most)
    if not found:
        yield "nothing was found" + (f" of {case}" if case else f" of a score of {least_01} or more")
    for case_id, one in found:
        yield f"{case_id} {one.scored.score_01:.3f}" + ("" if one.said else " (not said: it is of before)")
        for finding in one.scored.findings:
            others = f" ({', '.join(finding.case_ids)})" if finding.case_ids else ""
            yield f"  {finding.weight_01:.2f} {finding.code}: {finding.explanation}{others}"


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--case", default="", help="this one only")
    parser.add_argument("--least", type=float, default=0.25, help="from this score on (0 to 1)")
    parser.add_argument("--most", type=int, default=50, help="so many at most")


def _found(settings: ServiceSettings, asked: Namespace) -> int:
    with closing(open_current(settings)) as store:
        rows.prepare(store)
        for line in found_lines(store.execute, asked.case, asked.least, asked.most):
            print(line)
    return 0


VERBS: Final = (
    Verb(name="found", help="say how cases stand, the worst first", do=_found, arguments=_arguments),
)
