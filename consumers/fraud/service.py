"""The service itself: which events it follows, and what it does with each."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from consumers.fraud import rows, sharing
from consumers.fraud.desk import Desk
from consumers.fraud.memory import Memory
from consumers.fraud.reading import READ, Reader
from consumers.fraud.settings import since
from consumers.fraud.verbs import VERBS
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Handler, Store, Subscriber
from subscriber.serving import ServiceSettings, ServiceSpec

__all__ = ["NAME", "SPEC", "STREAMS", "subscriber"]

NAME: Final = "fraud"
STREAMS: Final = ("client.sharing", "verification.case", "verification.partial")
# Each waits for the door most of its time.
_AT_ONCE: Final = 8


def subscriber(reader: Reader, says_from: datetime) -> Subscriber:
    """Describe the service to the runtime.

    Args:
        reader: opens what is to be compared.
        says_from: what was found at an event before this moment is kept, and not said.
    """
    desk = Desk(Memory(reader.own_keys), says_from)
    handlers = (
        Handler(READ, desk.take, work=reader.work),
        Handler((v.CaseSubmitted,), desk.submitted),
        Handler((v.BiometricBasisWithdrawn,), desk.forget_faces),
        Handler((client.SharingJoined, client.SharingLeft), sharing.take),
    )
    return Subscriber(NAME, STREAMS, handlers, close=reader.close)


def _prepare(store: Store) -> None:
    rows.prepare(store)
    sharing.prepare(store)


def _build(settings: ServiceSettings) -> Subscriber:
    return subscriber(Reader(settings.door), since(settings.folder))


SPEC: Final = ServiceSpec(
    name=NAME, streams=STREAMS, prepare=_prepare, build=_build, threads=_AT_ONCE, verbs=VERBS
)
