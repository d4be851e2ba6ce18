"""Steps of this build run again over past evidence; the report says what they would answer otherwise.

manage.py rescore                                        every step, over everything
manage.py rescore --step read --since 2026-10-01         one step, on the facts that it was told
manage.py rescore --check tamper                         a check, with all the steps before it
manage.py rescore --out answers.jsonl [--resume]         keep the answers, and go on with them

A PLACE is a day (its beginning, UTC), a time with its zone (2026-05-01T12:00Z), or a position of the journal.
Nothing is written: not the journal, not a row, not the evidence.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.management import BaseCommand, CommandError

from config.rescoring import Load, Rescoring, rescored
from config.stopping import stop_on_signal
from events.errors import KeysAway
from events.journal import head
from events.operations import moment
from protocol.otherwise import CaseAnswers, line_of
from verification.rescoring.history import Window
from verification.rescoring.telling import Tally

__all__ = ["Command"]

_SHOWN: Final = 50


class Command(BaseCommand):
    """`manage.py rescore`."""

    help = "run steps of this build over past evidence again, and say what they would answer otherwise"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what is run, over what, and how much of the machine it may have."""
        parser.add_argument("--step", default="", help="names of steps, with commas; none: all")
        parser.add_argument("--check", default="", help="names of checks: with all the steps before them")
        parser.add_argument(
            "--since", metavar="PLACE", default="0", help="cases whose evidence came after it"
        )
        parser.add_argument("--until", metavar="PLACE", default="", help="and not after this one")
        parser.add_argument("--client", help="whose cases")
        parser.add_argument("--limit", type=int, help="at most so many cases")
        parser.add_argument(
            "--processes", type=_at_least_one, default=1, help="vision processes beside the live ones"
        )
        parser.add_argument(
            "--nice", type=int, choices=range(20), metavar="0..19", default=10, help="how far they give way"
        )
        parser.add_argument("--out", type=Path, help="keep the answers here, a JSON line for every case")
        parser.add_argument("--resume", action="store_true", help="go on with what is kept there")
        parser.add_argument("--json", action="store_true", help="print those lines instead of a report")
        parser.add_argument("--most", type=int, default=_SHOWN, help="how many different cases are named")

    def handle(self, *_args: object, **asked: Any) -> None:
        """Run, and report; what was broken off by SIGTERM is reported as far as it went."""
        if asked["out"] is not None and asked["out"].exists() and not asked["resume"]:
            raise CommandError(f"{asked['out']} is there already: --resume goes on with it")
        try:
            self._report(_answers(asked), as_json=asked["json"], most=asked["most"])
        except KeysAway as error:
            raise CommandError(f"{error}; with --out and --resume it goes on") from error
        except ValueError as error:
            # No such step, no such place, or a file that holds something else.
            raise CommandError(str(error)) from error

    def _report(self, answers: Iterator[CaseAnswers], *, as_json: bool, most: int) -> None:
        tally = Tally()
        for case in answers:
            tally.add(case)
            if as_json:
                self.stdout.write(line_of(case))
        if not as_json:
            for line in tally.told(most=most):
                self.stdout.write(line)


def _answers(asked: dict[str, Any]) -> Iterator[CaseAnswers]:
    window = Window(
        after=moment(_place(asked["since"])),
        through=moment(_place(asked["until"])) if asked["until"] else head().position,
        client=asked["client"],
    )
    wish = Rescoring(
        window=window,
        steps=_names(asked["step"]),
        checks=_names(asked["check"]),
        limit=asked["limit"],
        out=asked["out"],
    )
    load = Load(processes=asked["processes"], nice=asked["nice"])
    return rescored(wish, load, stop_on_signal(), _progress)


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise ArgumentTypeError("at least 1")
    return number


def _place(text: str) -> str:
    """Read a day as its beginning."""
    try:
        return f"{date.fromisoformat(text)}T00:00Z" if "-" in text else text
    except ValueError:
        return text


def _names(text: str) -> frozenset[str]:
    return frozenset(name for name in text.split(",") if name)


def _progress(done: int, of: int) -> None:
    print(f"rescore: {done} of {of} cases", file=sys.stderr, flush=True)
