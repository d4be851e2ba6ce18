"""What people do about messages: look at those held, say what became of them, note that one came back.

python -m consumers.notifications held
python -m consumers.notifications settle MESSAGE-ID (arrived | again | dropped)
python -m consumers.notifications bounce [--message-id ID --reason WORD] [< dsn.eml]
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Final

from google.protobuf.message import Message

from consumers.notifications import dsn, rows
from consumers.notifications.effects import effect_key, effects_of
from consumers.notifications.settings import settings_from
from protocol import trace
from protocol.ids import caused_id
from protocol.schemas import notifications_v1_pb2 as said
from subscriber import Emission, Store, make_effects, settle
from subscriber.outbox import put
from subscriber.serving import ServiceSettings, Verb, open_current
from subscriber.tables import make_outbox

__all__ = ["VERBS"]

_NAME: Final = "notifications"
_WORD: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def _rows(settings: ServiceSettings) -> Store:
    store = open_current(settings)
    rows.prepare(store)
    make_effects(store)
    with store.transaction():
        make_outbox(store)
    return store


def _held(settings: ServiceSettings, _asked: Namespace) -> int:
    with closing(_rows(settings)) as store:
        held = rows.in_state(store, "held")
    for one in held:
        print(f"{one.message_id} {one.notice.subject} {one.notice.template} try {one.attempt}: {one.reason}")
    print(f"{len(held)} messages of which nobody knows whether they arrived")
    return 1 if held else 0


def _settle(settings: ServiceSettings, asked: Namespace) -> int:
    with closing(_rows(settings)) as store:
        found = rows.with_id(store, asked.message_id.strip("<>"))
        if found is None or found.state != "held":
            return _complain(f"no held message has the id {asked.message_id}")
        effect = effects_of(settings_from(settings.folder))[found.notice.channel]
        with suppress(KeyError):
            # Not there: the service lived on, and knows that it was not answered.
            settle(store, effect_key(found.cause, effect), asked.answer)
        message = said.MessageSettled(notice=found.notice.said, answer=asked.answer)
        _say(store, found, message, f"settled/{found.attempt}")
    print(f"{asked.message_id}: {asked.answer}; the running service does it")
    return 0


def _bounce(settings: ServiceSettings, asked: Namespace) -> int:
    if asked.message_id:
        bounce: dsn.Bounce | None = dsn.Bounce(asked.message_id.strip("<>"), asked.reason)
    else:
        bounce = dsn.read(sys.stdin.buffer.read())
    if bounce is None:
        print("nothing has come back for good")
        return 0
    if not _WORD.fullmatch(bounce.reason):
        return _complain("a reason is a status such as 5.1.1, or one word; never what the server wrote")
    with closing(_rows(settings)) as store:
        found = rows.with_id(store, bounce.message_id)
        if found is None:
            return _complain("it names no message of ours")
        _say(store, found, said.MessageBounced(notice=found.notice.said, reason=bounce.reason), "bounced")
    print(f"{bounce.message_id}: {bounce.reason}, noted")
    return 0


def _say(store: Store, found: rows.Kept, message: Message, what: str) -> None:
    """Say an event by way of the service's outbox; the same of the same try again is the same event."""
    event_id = caused_id(found.asked_id, f"{_NAME}/{what}", 0)
    emission = Emission(
        id=event_id,
        message=message,
        subject=found.notice.subject,
        client=found.client,
        applicant="",
        causation=str(found.asked_id),
        correlation=str(found.asked_id),
        traceparent=trace.of_event("", event_id=event_id, subject=found.notice.subject),
    )
    with store.transaction():
        put(store, [emission], source=_NAME, now=datetime.now(UTC))


def _complain(line: str) -> int:
    print(f"{_NAME}: {line}", file=sys.stderr)
    return 1


def _settle_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("message_id")
    parser.add_argument("answer", choices=("arrived", "again", "dropped"))


def _bounce_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--message-id", default="", help="without it, a notification is read from stdin")
    parser.add_argument("--reason", default="5.0.0", help="a status such as 5.1.1, or one word")


VERBS: Final = (
    Verb(name="held", help="messages of which nobody knows whether they arrived", do=_held),
    Verb(name="settle", help="say what became of one", do=_settle, arguments=_settle_arguments),
    Verb(name="bounce", help="note that a message came back", do=_bounce, arguments=_bounce_arguments),
)
