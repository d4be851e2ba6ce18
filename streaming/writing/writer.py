"""The feed writer: follows the journal in its order, cleans, numbers 1, 2, 3… and commits in batches.

Numbers are a function of the journal and the projection: the same journal gives the same bytes.
"""

from __future__ import annotations

import json
from typing import Final

from access.reach import slot_of_case
from events import journal
from protocol.case_state import CaseState, advance, dump, load
from protocol.catalogue import STREAMS
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas.streaming_v1_pb2 import ProjectionAdopted, RecordsExpired
from protocol.schemas.verification_v1_pb2 import CaseOpened
from streaming.personal import seal_parts
from streaming.words import CaseContext, PublicRecord, encode, rfc3339
from streaming.writing.expiring import expire
from streaming.writing.projection import SILENT
from streaming.writing.versions import STREAM, adopt, projection_at
from subscriber import Context, Handler, Row, Subscriber

__all__ = ["UnknownCase", "feed_writer"]

# Client accounts and calls to others say nothing that a client's feed tells.
_FOLLOWED: Final = ("verification.case", "verification.partial", "verification.result", "decisions.decision")


class UnknownCase(LookupError):
    """An event tells of a case whose opening is not in the journal before it: look at the dead letter."""


def feed_writer() -> Subscriber:
    """Describe the writer: its name, what it follows, and what it does with each event."""
    followed = (message for stream in STREAMS if stream.name in _FOLLOWED for message in stream.messages)
    types = tuple(message for message in followed if message not in SILENT)
    handlers = (
        Handler(types=types, apply=_write),
        Handler(types=(RecordsExpired,), apply=expire),
        Handler(types=(ProjectionAdopted,), apply=adopt),
    )
    return Subscriber(name="streaming.feed", streams=(*_FOLLOWED, STREAM), handlers=handlers)


def _write(event: Event, _value: object, ctx: Context) -> None:
    known = _known_case(event, ctx)
    context, before = known or (_new_case(event), CaseState())
    state = advance(before, event)
    says = projection_at(event.envelope.position, ctx)
    records, after = says.project(
        event.message, context, state, lambda id_: _number_of(id_, context.feed, ctx)
    )
    if known is None or state.status != before.status:
        records.append(says.status_record(state.status))
    if records:
        last = _take_numbers(after.feed, len(records), event.envelope.position, ctx)
        first = last - len(records) + 1
        _insert(event, after, records, first, ctx)
        _remember(after, state, first, last, ctx)
    elif state != before:
        _remember(after, state, 0, 0, ctx)


def _new_case(event: Event) -> CaseContext:
    envelope, message = event.envelope, event.message
    if not isinstance(message, CaseOpened):
        raise UnknownCase(f"{envelope.type} at position {envelope.position} tells of a case never opened")
    return CaseContext(
        case=envelope.subject,
        client=envelope.client,
        applicant=envelope.applicant,
        reference=message.reference,
        live=message.live,
    )


def _known_case(event: Event, ctx: Context) -> tuple[CaseContext, CaseState] | None:
    rows = ctx.execute(
        'SELECT client, applicant, reference, live, said, state FROM streaming_feedcase WHERE "case" = ?',
        (event.envelope.subject,),
    )
    if not rows:
        return None
    client, applicant, reference, live, said, state = rows[0]
    context = CaseContext(
        case=event.envelope.subject,
        client=str(client),
        applicant=str(applicant),
        reference=str(reference),
        live=bool(live),
        said=frozenset(json.loads(str(said))),
    )
    return context, load(str(state).encode())


def _remember(context: CaseContext, state: CaseState, first: int, last: int, ctx: Context) -> None:
    """Keep what is known of a case; its first number is that of the records it was first known with."""
    said = json.dumps(sorted(context.said))
    ctx.execute(
        "INSERT INTO streaming_feedcase"
        ' ("case", client, applicant, reference, live, said, state, first, last)'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ' ON CONFLICT ("case") DO UPDATE SET said = excluded.said, state = excluded.state,'
        " last = CASE WHEN excluded.last > 0 THEN excluded.last ELSE streaming_feedcase.last END",
        (
            context.case,
            context.client,
            context.applicant,
            context.reference,
            context.live,
            said,
            dump(state).decode(),
            first,
            last,
        ),
    )


def _number_of(event_id: str, feed: str, ctx: Context) -> int | None:
    """Find the first record that an event made on a feed, be it still kept or not."""
    rows = ctx.execute(
        "SELECT MIN(number) FROM ("
        "SELECT number FROM streaming_feedrecord WHERE event_id = ? AND feed = ?"
        " UNION ALL SELECT number FROM streaming_feedplace WHERE event_id = ? AND feed = ?) AS told",
        (event_id, feed, event_id, feed),
    )
    return _number(rows)


def _take_numbers(feed: str, count: int, position: int, ctx: Context) -> int:
    """Take the feed's next numbers, give the last.

    A new feed is of the journal's epoch, not of the event's, which may lie before a restore: all feeds change
    theirs together (`streaming.writing.rebuild.bring_up_to_epoch`).
    """
    rows = ctx.execute(
        "UPDATE streaming_feedhead SET head = head + ?, position = ? WHERE feed = ? RETURNING head",
        (count, position, feed),
    )
    if rows:
        return _number(rows) or 0
    ctx.execute(
        "INSERT INTO streaming_feedhead (feed, epoch, oldest, head, position) VALUES (?, ?, 1, ?, ?)",
        (feed, journal.head().epoch, count, position),
    )
    return count


def _number(rows: list[Row]) -> int | None:
    """Take the one number that a statement gave."""
    value = rows[0][0]
    return value if isinstance(value, int) else None


def _insert(
    event: Event, context: CaseContext, records: list[PublicRecord], first: int, ctx: Context
) -> None:
    for number, record in enumerate(records, start=first):
        ctx.execute(
            'INSERT INTO streaming_feedrecord (feed, number, slot, kind, "case", recorded_at_us, final, body,'
            " personal, event_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                context.feed,
                number,
                slot_of_case(context.case),
                record.kind.value,
                context.case,
                to_us(event.envelope.recorded_at),
                record.final,
                _body(event, context, record),
                seal_parts(event, record.personal),
                str(event.envelope.id),
            ),
        )


def _body(event: Event, context: CaseContext, record: PublicRecord) -> bytes:
    return encode(
        {
            "kind": record.kind.value,
            "case": context.case,
            "reference": context.reference,
            "live": context.live,
            "recorded_at": rfc3339(to_us(event.envelope.recorded_at)),
            "final": record.final,
            "data": dict(record.data),
        }
    )
