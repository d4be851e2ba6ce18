"""How each message stands: a fold of the service's own events, which also says when the next try is due."""

from __future__ import annotations

from google.protobuf.message import Message

from consumers.notifications.messages import Channel, Notice, Recipient
from consumers.notifications.rows import OPEN, Move, ask, kept, move
from protocol.envelope import Event
from protocol.ids import from_us
from protocol.schemas import notifications_v1_pb2 as said
from subscriber import Context, Timer

__all__ = ["FOLLOWED", "follow", "ring"]

FOLLOWED: tuple[type[Message], ...] = (
    said.MessageAsked,
    said.MessageWaits,
    said.MessageSent,
    said.MessageFailed,
    said.MessageHeld,
    said.MessageSettled,
    said.MessageDropped,
    said.MessageBounced,
)
_SETTLED = {"arrived": "sent", "dropped": "dropped"}


def follow(event: Event, _value: object, ctx: Context) -> None:
    """Take in what was said of a message."""
    message = event.message
    match message:
        case said.MessageAsked():
            if ask(event, message, ctx):
                _try(Notice.of(event.envelope.subject, message.notice), event.envelope.client, 1, ctx)
        case said.MessageWaits() | said.MessageFailed():
            _follow_a_delay(event, message, ctx)
        case said.MessageSettled():
            _follow_a_settlement(event, message, ctx)
        case _:
            _follow_an_end(event, message, ctx)


def _follow_a_delay(event: Event, message: said.MessageWaits | said.MessageFailed, ctx: Context) -> None:
    notice, attempt = Notice.of(event.envelope.subject, message.notice), message.attempt
    match message:
        case said.MessageWaits():
            state, at_us = "waits", message.until_us
        case _:
            state, at_us, attempt = "failed", message.retry_at_us, attempt + 1
    state = state if at_us else "given_up"
    if move(event, notice, Move(state=state, attempt=attempt, reason=message.reason), ctx) and at_us:
        ctx.remind(from_us(at_us), _timer_name(notice), notice.subject)


def _follow_a_settlement(event: Event, message: said.MessageSettled, ctx: Context) -> None:
    notice = Notice.of(event.envelope.subject, message.notice)
    found = kept(notice, ctx)
    if found is None or found.state != "held":
        return
    state, attempt = _SETTLED.get(message.answer, "again"), found.attempt
    attempt += state == "again"
    if (
        move(event, notice, Move(state=state, attempt=attempt, reason=message.answer), ctx)
        and state == "again"
    ):
        _try(notice, found.client, attempt, ctx)


def _follow_an_end(event: Event, message: Message, ctx: Context) -> None:
    match message:
        case said.MessageSent():
            state, reason, attempt = "sent", message.by, message.attempt
        case said.MessageHeld():
            state, reason, attempt = "held", message.reason, message.attempt
        case said.MessageDropped():
            state, reason, attempt = "dropped", message.reason, 0
        case said.MessageBounced():
            state, reason, attempt = "bounced", message.reason, 0
        case _:
            raise TypeError(f"{event.envelope.type} is not followed")
    notice = Notice.of(event.envelope.subject, message.notice)
    if move(event, notice, Move(state=state, attempt=attempt, reason=reason), ctx):
        ctx.forget(_timer_name(notice), notice.subject)


def ring(timer: Timer, ctx: Context) -> None:
    """Have the try made whose time has come."""
    template, channel, recipient = timer.name.split("/")
    notice = Notice(timer.key, template, Channel(channel), Recipient(recipient))
    message = kept(notice, ctx)
    if message is not None and message.state in OPEN:
        _try(notice, message.client, message.attempt, ctx)


def _try(notice: Notice, client: str, attempt: int, ctx: Context) -> None:
    ctx.emit(said.AttemptDue(notice=notice.said, attempt=attempt), subject=notice.subject, client=client)


def _timer_name(notice: Notice) -> str:
    return "/".join((notice.template, notice.channel, notice.recipient))
