"""The service's own commands: who saw what; the log out of the house; whether it is whole.

python -m consumers.audit key
python -m consumers.audit who [--case ID] [--applicant ID] [--client ID] [--staff ID]
python -m consumers.audit export --to FILE
python -m consumers.audit verify [--journal]
python -m consumers.audit verify FILE --heads FILE --key PUBLIC_KEY     (needs no product and no database)
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from consumers.audit.comparing import compare
from consumers.audit.errors import Fault, WrongFile, WrongKey
from consumers.audit.files import HeadsFile, read_export, write_export
from consumers.audit.log import Kept, entries, prepare
from consumers.audit.settings import heads_file, signing_key
from consumers.audit.verifying import Checked, check
from consumers.audit.views import Asked, View, views
from subscriber import Store
from subscriber.serving import ServiceSettings, Verb, open_current

__all__ = ["VERBS"]

_TELL_EACH: Final = 100_000


def _key(settings: ServiceSettings, _asked: Namespace) -> int:
    print(signing_key(settings).public.hex())
    return 0


def _who(settings: ServiceSettings, asked: Namespace) -> int:
    wanted = Asked(staff=asked.staff, case=asked.case, applicant=asked.applicant, client=asked.client)
    found = altered = 0
    with _rows(settings) as store:
        for view in views(store, wanted):
            found, altered = found + 1, altered + view.altered
            print(_told(view))
    print(f"{found} views", file=sys.stderr)
    return 1 if altered else 0


def _export(settings: ServiceSettings, asked: Namespace) -> int:
    # Whole or not there: a file that a crash cut short would look like a log that somebody cut short.
    new = Path(f"{asked.to}.new")
    with _rows(settings) as store, new.open("w", encoding="ascii", newline="\n") as file:
        count = write_export(_telling(entries(store)), file)
    new.replace(asked.to)
    print(f"{count} entries in {asked.to}; published heads are in {heads_file(settings)}")
    return 0


def _verify(settings: ServiceSettings, asked: Namespace) -> int:
    try:
        done = _check_log(settings, asked) if asked.file is None else _check_file(asked)
    except Fault as fault:
        print(f"NOT WHOLE: {fault}")
        return 1
    print(f"whole: {done.entries} entries, each as it was logged, up to {done.proven} by published heads")
    if done.proven < done.entries:
        print(f"no head has been published yet of entries {done.proven + 1} to {done.entries}")
    return 0


def _check_file(asked: Namespace) -> Checked:
    if asked.heads is None or asked.key is None or asked.journal:
        raise WrongFile("a file is verified against published heads: give --heads FILE and --key PUBLIC_KEY")
    heads = HeadsFile(asked.heads).all()
    try:
        with Path(asked.file).open(encoding="ascii", newline="\n") as file:
            return check(_telling(read_export(file)), heads, _public(asked.key))
    except OSError as error:
        raise WrongFile(f"{asked.file} cannot be read: {error.strerror}") from error


def _check_log(settings: ServiceSettings, asked: Namespace) -> Checked:
    path = asked.heads or heads_file(settings)
    heads = HeadsFile(path).all() if path.exists() else []
    public = _public(asked.key) if asked.key else signing_key(settings).public
    with _rows(settings) as store:
        done = check(_telling(entries(store)), heads, public)
        if asked.journal:
            print(compare(store, settings.door()))
        return done


def _public(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise WrongKey("a public key is 64 hex digits, as `key` prints it") from None


@contextmanager
def _rows(settings: ServiceSettings) -> Iterator[Store]:
    with closing(open_current(settings)) as store:
        prepare(store)
        yield store


def _telling(log: Iterator[Kept]) -> Iterator[Kept]:
    """Say on the way how far it has come."""
    for kept in log:
        if kept.entry.number % _TELL_EACH == 0:
            print(f"{kept.entry.number} entries", file=sys.stderr, flush=True)
        yield kept


def _told(view: View) -> str:
    what = f"{view.what} {view.evidence}".strip()
    place = f"case {view.case} of applicant {view.applicant or '-'}, client {view.client}"
    line = f"{view.at:%Y-%m-%dT%H:%M:%S.%fZ} {view.staff} saw {what} of {place}, on the ground {view.ground}"
    altered = " NOT AS IT WAS LOGGED" if view.altered else ""
    return f"{line} (entry {view.number}, event {view.event}){altered}"


def _asks_who(parser: ArgumentParser) -> None:
    for name, help_ in (
        ("--case", "views of one case"),
        ("--applicant", "of all cases of one applicant"),
        ("--client", "of all cases of one client"),
        ("--staff", "by one person or key, as `staff:7` or `key:3`"),
    ):
        parser.add_argument(name, default="", help=help_)


def _asks_where(parser: ArgumentParser) -> None:
    parser.add_argument("--to", type=Path, required=True, help="a file, replaced when the export is whole")


def _asks_what(parser: ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", help="an export; without one: the log in the database")
    parser.add_argument("--heads", type=Path, help="published heads, a line each, had from elsewhere")
    parser.add_argument("--key", help="the public key, as `key` prints it, had from elsewhere")
    parser.add_argument("--journal", action="store_true", help="also compare the log with the journal")


VERBS: Final = (
    Verb(name="key", help="print the public key that heads are signed with", do=_key),
    Verb(name="who", help="say who saw what, when, on what ground", do=_who, arguments=_asks_who),
    Verb(name="export", help="write the log into a file", do=_export, arguments=_asks_where),
    Verb(
        name="verify", help="find what was done to the log, or to an export", do=_verify, arguments=_asks_what
    ),
)
