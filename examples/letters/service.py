"""The service itself: what it follows, the rows it keeps of it, and a command that reads them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing

from protocol.envelope import Event
from protocol.ids import from_us, to_us
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import Context, Handler, Store, Subscriber
from subscriber.serving import ServiceSettings, ServiceSpec, Verb, open_rows

__all__ = ["NAME", "SPEC", "STREAMS", "opened_lines"]

NAME = "letters"
# Each of them names this service among its consumers (`protocol/streams.py`).
STREAMS = ("verification.case",)


def prepare(store: Store) -> None:
    """Make the service's table where there is none."""
    with store.transaction():
        store.execute(
            "CREATE TABLE IF NOT EXISTS opened "
            "(case_id TEXT PRIMARY KEY, client TEXT NOT NULL, at_us BIGINT NOT NULL)"
        )


def build(_settings: ServiceSettings) -> Subscriber:
    """Describe the service to the runtime."""
    return Subscriber(NAME, STREAMS, (Handler((verification.CaseOpened,), _note),))


def _note(event: Event, _value: object, ctx: Context) -> None:
    """Note a case; its row and the service's place in the journal are one transaction."""
    envelope = event.envelope
    ctx.execute(
        "INSERT INTO opened (case_id, client, at_us) VALUES (?, ?, ?) ON CONFLICT (case_id) DO NOTHING",
        (envelope.subject, envelope.client, to_us(envelope.occurred_at)),
    )


def opened_lines(store: Store) -> Iterator[str]:
    """Write the newest cases, a line each."""
    found = store.execute("SELECT at_us, client, case_id FROM opened ORDER BY at_us DESC, case_id LIMIT 50")
    if not found:
        yield "no case was opened yet"
    for at_us, client, case in found:
        yield f"{from_us(int(at_us)):%Y-%m-%d %H:%M:%S} {client} {case}"


def _opened(settings: ServiceSettings, _asked: Namespace) -> int:
    with closing(open_rows(SPEC, settings)) as store:
        for line in opened_lines(store):
            print(line)
    return 0


SPEC = ServiceSpec(
    name=NAME,
    streams=STREAMS,
    prepare=prepare,
    build=build,
    verbs=(Verb(name="opened", help="list the newest cases", do=_opened),),
)
