"""The service itself: it records every stream that is journalled, and publishes how its log stands."""

from __future__ import annotations

from consumers.audit.log import append, prepare
from consumers.audit.publishing import NAME, publish_each_minute
from consumers.audit.streams import FOLLOWED
from consumers.audit.verbs import VERBS
from subscriber import Recording, Subscriber
from subscriber.serving import ServiceSettings, ServiceSpec

__all__ = ["SPEC", "subscriber"]


def subscriber() -> Subscriber:
    """Describe the service to the runtime."""
    return Subscriber(NAME, FOLLOWED, (), recording=Recording(append))


def _build(_settings: ServiceSettings) -> Subscriber:
    return subscriber()


SPEC = ServiceSpec(
    name=NAME,
    streams=FOLLOWED,
    prepare=prepare,
    build=_build,
    beside=publish_each_minute,
    verbs=VERBS,
)
