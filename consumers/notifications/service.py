"""The service itself: which events it follows, and what it does with each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from consumers.notifications import cases, rows, standing
from consumers.notifications.attempts import Attempts
from consumers.notifications.clients import Clients
from consumers.notifications.commands import VERBS
from consumers.notifications.effects import effects_of
from consumers.notifications.messages import STREAMS, TRIGGERS, Channel, Line, Notice, Recipient, lines_for
from consumers.notifications.postman import Postman
from consumers.notifications.settings import Settings, settings_from
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import notifications_v1_pb2 as notifications
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import Context, Handler, Mode, Store, Subscriber, make_effects
from subscriber.beginning import first_start
from subscriber.serving import Door, ServiceSettings, ServiceSpec

__all__ = ["NAME", "SPEC", "spec", "subscriber"]

NAME = "notifications"
# Each waits for a server's answer most of its time. What is under way when the service dies is in doubt.
_AT_ONCE = 8


def subscriber(settings: Settings, door: Callable[[], Door], since: datetime) -> Subscriber:
    """Describe the service to the runtime.

    Args:
        settings: its own.
        door: tells where the journal door is now.
        since: nothing is sent because of an event that is older.
    """
    clients = Clients(settings.clients)
    attempts = Attempts(settings, clients, effects_of(settings))
    asking = _Asking(settings, clients)
    handlers = (
        Handler((verification.CaseOpened, verification.CaseWithdrawn), _follow_case),
        Handler(TRIGGERS, asking.ask, mode=Mode.REACT),
        Handler(standing.FOLLOWED, standing.follow),
        Handler(
            (notifications.AttemptDue,),
            attempts.apply,
            gather=attempts.gather,
            work=Postman(settings, door).work,
            mode=Mode.REACT,
            at_once=_AT_ONCE,
        ),
    )
    return Subscriber(NAME, STREAMS, handlers, on_timer=standing.ring, react_since=since)


def _follow_case(event: Event, _value: object, ctx: Context) -> None:
    if isinstance(event.message, verification.CaseOpened):
        cases.opened(event, event.message, ctx)
    else:
        cases.withdrawn(event, ctx)


class _Asking:
    """Says that a message is to be sent, because of an event."""

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings, self._clients = settings, clients

    def ask(self, event: Event, _value: object, ctx: Context) -> None:
        """Ask for what the table says, of whom the operator wants to be told."""
        e = event.envelope
        for line in lines_for(event.message):
            for channel, language in self._ways(line, e.client):
                notice = Notice(e.subject, line.template, channel, line.recipient)
                asked = notifications.MessageAsked(
                    notice=notice.said,
                    message_id=self._message_id(notice),
                    language=language,
                    give_up_at_us=to_us(ctx.moment + self._settings.try_for),
                )
                ctx.emit(asked, subject=e.subject, client=e.client)

    def _ways(self, line: Line, client: str) -> Iterator[tuple[Channel, str]]:
        if line.recipient is Recipient.STAFF:
            if self._settings.staff:
                yield Channel.EMAIL, self._settings.language
            return
        row = self._clients.of(client)
        if row.tells(line.template):
            for channel in row.channels:
                yield channel, row.language or self._settings.language

    def _message_id(self, notice: Notice) -> str:
        if notice.channel is Channel.SMS:
            return notice.key
        return f"{notice.key}@{self._settings.sender.rpartition('@')[2]}"


def prepare(store: Store) -> None:
    """Make the service's tables where there are none."""
    cases.prepare(store)
    rows.prepare(store)
    make_effects(store)


def spec(read: Callable[[ServiceSettings], Settings]) -> ServiceSpec:
    """Describe the service with settings of its own, however they are read."""

    def build(settings: ServiceSettings) -> Subscriber:
        own = read(settings)
        since = own.since or first_start(own.folder, datetime.now(UTC))
        return subscriber(own, settings.door, since)

    return ServiceSpec(
        name=NAME, streams=STREAMS, prepare=prepare, build=build, threads=_AT_ONCE, verbs=VERBS
    )


SPEC = spec(lambda settings: settings_from(settings.folder))
