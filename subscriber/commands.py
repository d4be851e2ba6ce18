"""What every service's command line can do besides `run`: lag, replay, dead-letters.

python -m consumers.NAME lag
python -m consumers.NAME replay [--rate N]
python -m consumers.NAME dead-letters [list]
python -m consumers.NAME dead-letters show KEY
python -m consumers.NAME dead-letters redrive (--key KEY | --all) [--dry-run] [--why TEXT]
python -m consumers.NAME dead-letters drop --key KEY [--position N] --reason TEXT
"""

from __future__ import annotations

import getpass
import threading
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TypeAlias

from subscriber import outbox
from subscriber.context import Emission
from subscriber.declare import Subscriber
from subscriber.health import lag, standing
from subscriber.letters import Action, Letters
from subscriber.opening import open_store
from subscriber.pacing import Pace
from subscriber.pool import InlinePool
from subscriber.rebuild import Service, rebuild
from subscriber.redrive import Outcome, Redrive
from subscriber.store import Store
from subscriber.tables import make_outbox
from subscriber.unit import Tools

__all__ = ["add_commands", "add_letter_verbs", "letters_command", "run_command"]

Say = Callable[[str], None]
# argparse names it no better; what matters is `add_parser`.
Verbs: TypeAlias = "_SubParsersAction[ArgumentParser]"


def add_commands(parser: ArgumentParser) -> Verbs:
    """Give a service's parser the commands; the one chosen is in `command`. Gives where to add its own."""
    verbs = parser.add_subparsers(dest="command", required=True)
    verbs.add_parser("run", help="follow the journal until told to stop")
    verbs.add_parser("lag", help="say how far behind it is, and what waits")
    replay = verbs.add_parser(
        "replay", help="make its rows anew from the journal, and swap them in at the end"
    )
    replay.add_argument("--rate", type=float, default=0, help="at most so many events a second")
    add_letter_verbs(verbs.add_parser("dead-letters", help="what could not be handled"))
    return verbs


def add_letter_verbs(parser: ArgumentParser) -> None:
    """Give a parser what can be done about dead letters; the one chosen is in `verb`."""
    letters = parser.add_subparsers(dest="verb")
    letters.add_parser("list", help="a line each")
    letters.add_parser("show", help="everything of one key's").add_argument("key")
    redrive = letters.add_parser("redrive", help="handle them again, in order, until one fails")
    which = redrive.add_mutually_exclusive_group(required=True)
    which.add_argument("--key")
    which.add_argument("--all", action="store_true")
    redrive.add_argument("--dry-run", action="store_true", help="roll everything back")
    redrive.add_argument("--why", default="", help="noted with what is done")
    drop = letters.add_parser("drop", help="give letters up; their bytes stay with the note")
    drop.add_argument("--key", required=True)
    drop.add_argument("--position", type=int, help="only the one of this position")
    drop.add_argument("--reason", required=True, help="noted with what is done")


def run_command(asked: Namespace, service: Service, say: Say, stop: threading.Event) -> int:
    """Do what was asked, but for `run`; gives the exit code: 1 when something is left to be done by a person.

    Args:
        asked: as the parser of `add_commands` gives it.
        service: whose command it is.
        say: takes each line of the answer.
        stop: when set, a replay ends and changes nothing.

    Raises:
        SubscriberError: it cannot be done now; the message says why.
    """
    match asked.command:
        case "lag":
            return _lag(service, say)
        case "replay":
            return _replay(service, say, asked.rate, stop)
        case _:
            with closing(open_store(service.versions.current())) as store:
                service.prepare(store)
                emitter = _Kept(store, service.subscriber.name)
                tools = Tools(store, emitter, InlinePool(), _now, threading.Event())
                return letters_command(asked, service.subscriber, tools, say)


def letters_command(asked: Namespace, subscriber: Subscriber, tools: Tools, say: Say) -> int:
    """Do what was asked about a subscriber's dead letters; 1: something is left to do.

    Raises:
        StoreAway: the database is busy or away: come again.
    """
    return _LETTERS[asked.verb or "list"](asked, subscriber, tools, say)


def _lag(service: Service, say: Say) -> int:
    name = service.subscriber.name
    with closing(open_store(service.versions.current())) as store, closing(service.source()) as source:
        far = lag(store, name, source, now=_now())
        found = standing(store, name)
    say(f"at {far.floor} of {far.head}: {far.records} behind, {far.seconds:.1f} s")
    say(f"{found.letters} dead letters of {found.parked_keys} parked keys")
    say(f"{found.unsent} events wait for the journal, {found.refused} were refused by it")
    for one in found.skipped:
        say(f"passed over {one.records} of {one.type or 'no type'}: {one.why}")
    return 1 if found.letters or found.refused else 0


def _replay(service: Service, say: Say, rate: float, stop: threading.Event) -> int:
    done = rebuild(service, pace=Pace(rate), stop=stop)
    say(f"rebuilt up to {done.position}: {done.handled} events and timers handled")
    say(f"the live version was held for {done.held_s * 1000:.0f} ms, and goes on as the new one")
    if done.restored:
        say("the journal had been restored: everything is said again, and it keeps what it lost")
    return 0


def _list(_asked: Namespace, subscriber: Subscriber, tools: Tools, say: Say) -> int:
    kept = Letters.open(tools.store, subscriber.name)
    letters = kept.of()
    for letter in letters:
        r = letter.record
        say(f"{r.position} {letter.key} {r.type} {letter.reason} after {letter.attempts} tries")
    say(f"{len(letters)} dead letters")
    for stray in kept.strays():
        say(f"no event of ours: {stray}")
    return 0


def _show(asked: Namespace, subscriber: Subscriber, tools: Tools, say: Say) -> int:
    letters = Letters.open(tools.store, subscriber.name).of(asked.key)
    for letter in letters:
        say(f"{letter.record.position} {letter.record.type} {letter.reason} after {letter.attempts} tries")
        say(f"original bytes: {letter.stored.hex()}")
        say(letter.traceback or "it waits behind the one that failed")
    return 0 if letters else 1


class _Kept:
    """Emits into the service's outbox, from where the running service carries it home."""

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source
        with store.transaction():
            make_outbox(store)

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Keep emissions; see `Emitter`."""
        outbox.put(self._store, emissions, source=self._source, now=now)

    def carry(self, bell: threading.Event) -> bool:
        """Carry nothing: the running service does."""
        del bell
        return False


def _redrive(asked: Namespace, subscriber: Subscriber, tools: Tools, say: Say) -> int:
    waiting = Letters.open(tools.store, subscriber.name).of()
    keys = [asked.key] if asked.key else sorted({letter.key for letter in waiting})
    drive = Redrive(subscriber, tools, who=getpass.getuser(), why=asked.why)
    outcomes = [drive.key(key, dry_run=asked.dry_run) for key in keys]
    for outcome in outcomes:
        say(_told(outcome, dry_run=asked.dry_run))
    return 1 if any(outcome.error for outcome in outcomes) else 0


def _told(outcome: Outcome, *, dry_run: bool) -> str:
    done = "would be through" if dry_run else "through"
    if outcome.error:
        return f"{outcome.key}: {outcome.through} {done}, then {outcome.error}; {outcome.left} left"
    return f"{outcome.key}: {outcome.through} {done}"


def _drop(asked: Namespace, subscriber: Subscriber, tools: Tools, say: Say) -> int:
    letters = Letters.open(tools.store, subscriber.name)
    chosen = [one for one in letters.of(asked.key) if asked.position in {None, one.record.position}]
    action = Action(at=tools.clock(), who=getpass.getuser(), what="dropped", why=asked.reason)
    with tools.store.transaction():
        dropped = sum(letters.remove(letter, action) for letter in chosen)
    say(f"{dropped} letters of {asked.key} dropped")
    return 0 if dropped else 1


_LETTERS: dict[str, Callable[[Namespace, Subscriber, Tools, Say], int]] = {
    "list": _list,
    "show": _show,
    "redrive": _redrive,
    "drop": _drop,
}


def _now() -> datetime:
    return datetime.now(UTC)
