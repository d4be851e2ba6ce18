"""One try of one message: whether it may be made now, and what is said of how it ended."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from google.protobuf.message import Message

from consumers.notifications.backoff import retry_at, wait
from consumers.notifications.cases import Case, case_of
from consumers.notifications.clients import Client, Clients
from consumers.notifications.effects import effect_key
from consumers.notifications.messages import Channel, Notice, Recipient
from consumers.notifications.postman import Ended, Sealed, Task
from consumers.notifications.results import Dropped, Later, NotTaken, Result, Taken, Unanswered
from consumers.notifications.rows import OPEN, Kept, bounced, kept
from consumers.notifications.settings import Settings
from consumers.notifications.wording import language_for
from protocol.catalogue import parse, type_name
from protocol.envelope import Event
from protocol.ids import from_us, to_us
from protocol.schemas import notifications_v1_pb2 as said
from subscriber import Context, Doubt, Effect

__all__ = ["Attempts"]

_log = structlog.get_logger("vouch.notifications")


class Attempts:
    """Gathers what a try needs, and says what came of it."""

    def __init__(self, settings: Settings, clients: Clients, effects: Mapping[Channel, Effect]) -> None:
        self._settings, self._clients, self._effects = settings, clients, effects

    def gather(self, event: Event, ctx: Context) -> Task | Ended | None:
        """Give the task; or how it has ended already; None: it was begun before, and its end is not known."""
        due = _due(event)
        notice = Notice.of(event.envelope.subject, due.notice)
        message = kept(notice, ctx)
        if message is None or message.state not in OPEN or message.attempt != due.attempt:
            return Ended(None)
        task = self._task(message, ctx)
        if not isinstance(task, Task):
            return Ended(task)
        call = self._effects[notice.channel].asked(event, ctx)
        return None if call is None else replace(task, times=call.times)

    def _task(self, message: Kept, ctx: Context) -> Task | Dropped | Later:
        if to_us(ctx.now) > message.give_up_at_us:
            return Dropped("too_late")
        if message.notice.recipient is Recipient.STAFF:
            return self._to_staff(message)
        case = case_of(message.notice.subject, ctx)
        if case is None or not case.known:
            return Later("case_unknown")
        client = self._clients.of(message.client)
        return self._hindrance(message, case, client, ctx) or self._to_applicant(message, case, client)

    def _hindrance(self, message: Kept, case: Case, client: Client, ctx: Context) -> Dropped | Later | None:
        notice = message.notice
        if case.withdrawn:
            return Dropped("withdrawn")
        if not client.tells(notice.template):
            return Dropped("switched_off")
        if bounced(notice, ctx):
            return Dropped("bounced_before")
        if not case.sealed(notice.channel)[0]:
            return Dropped("no_address")
        over = client.quiet_for(notice.channel).over(ctx.now, _zone(client.time_zone or case.time_zone))
        return Later("quiet_hours", over) if over > ctx.now else None

    def _to_staff(self, message: Kept) -> Task:
        subject = message.notice.subject
        link = f"{self._settings.staff_url}{subject}" if self._settings.staff_url else ""
        return Task(
            channel=message.notice.channel,
            template=message.notice.template,
            language=self._settings.language,
            message_id=message.message_id,
            values={"subject": subject, "link": link},
            to=None,
            sender="Vouch",
        )

    def _to_applicant(self, message: Kept, case: Case, client: Client) -> Task:
        return Task(
            channel=message.notice.channel,
            template=message.notice.template,
            language=language_for(case.locale, message.language),
            message_id=message.message_id,
            values={"client": client.name, "link": client.link},
            to=Sealed(case.applicant, *case.sealed(message.notice.channel)),
            sender=client.name,
            reply_to=client.reply_to,
            live=case.live,
        )

    def apply(self, event: Event, value: object, ctx: Context) -> None:
        """Say what came of a try."""
        if value is None:
            self._say(event, self._in_doubt(event, ctx), ctx)
        elif isinstance(value, Ended) and value.result is not None:
            message = self._told(event, value, value.result, ctx)
            if value.times:
                self._effects[_channel(event)].answered(event, _dump(message), ctx)
            self._say(event, message, ctx)

    def _say(self, event: Event, message: Message | None, ctx: Context) -> None:
        if message is None:
            return
        due = _due(event)
        match message:
            case said.MessageHeld() | said.MessageFailed(retry_at_us=0):
                _log.warning(
                    "message_held" if isinstance(message, said.MessageHeld) else "message_given_up",
                    template=due.notice.template,
                    channel=due.notice.channel,
                    attempt=due.attempt,
                    reason=message.reason,
                )
        ctx.emit(message, subject=event.envelope.subject, client=event.envelope.client)

    def _in_doubt(self, event: Event, ctx: Context) -> Message | None:
        """Say of a try that was begun before what it said then; when it did not come to say, it is held."""
        due = _due(event)
        key = effect_key(str(event.envelope.id), self._effects[_channel(event)])
        rows = ctx.execute("SELECT state, answer FROM subscriber_effect WHERE key = ?", (key,))
        if rows and rows[0][0] == "answered":
            return _load(rows[0][1])
        return said.MessageHeld(notice=due.notice, attempt=due.attempt, reason="stopped")

    def _told(self, event: Event, ended: Ended, result: Result, ctx: Context) -> Message:
        due = _due(event)
        notice, attempt = due.notice, due.attempt
        match result:
            case Taken(by):
                return said.MessageSent(
                    notice=notice, attempt=attempt, times=ended.times, by=by, language=ended.language
                )
            case Dropped(reason):
                return said.MessageDropped(notice=notice, reason=reason)
            case Later(reason, until):
                key = Notice.of(event.envelope.subject, notice).key
                until_us = to_us(until or ctx.now + wait(1, key))
                return said.MessageWaits(notice=notice, attempt=attempt, reason=reason, until_us=until_us)
            case Unanswered() if self._effects[_channel(event)].doubt is Doubt.HOLD:
                return said.MessageHeld(notice=notice, attempt=attempt, reason="unanswered")
            case Unanswered():
                return self._failed(event, NotTaken("unanswered", passing=True), ctx)
            case NotTaken():
                return self._failed(event, result, ctx)

    def _failed(self, event: Event, result: NotTaken, ctx: Context) -> said.MessageFailed:
        due = _due(event)
        notice = Notice.of(event.envelope.subject, due.notice)
        message, again = kept(notice, ctx), None
        if result.passing and message is not None:
            give_up_at = from_us(message.give_up_at_us)
            again = retry_at(due.attempt, notice.key, now=ctx.now, give_up_at=give_up_at)
        return said.MessageFailed(
            notice=due.notice,
            attempt=due.attempt,
            reason=result.reason,
            retry_at_us=0 if again is None else to_us(again),
        )


def _due(event: Event) -> said.AttemptDue:
    if not isinstance(event.message, said.AttemptDue):
        raise TypeError(f"{event.envelope.type} is no try")
    return event.message


def _channel(event: Event) -> Channel:
    return Channel(_due(event).notice.channel)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _dump(message: Message) -> str:
    return f"{type_name(message)} {base64.b64encode(message.SerializeToString()).decode()}"


def _load(answer: str) -> Message | None:
    """Read what was said; what people wrote when they settled it was said by an event of theirs."""
    type_, space, payload = answer.partition(" ")
    return parse(type_, base64.b64decode(payload)) if space and type_.startswith("vouch.") else None
