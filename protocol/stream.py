"""What is true of a stream of events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from google.protobuf.message import Message

__all__ = ["Lane", "PersonalClass", "Stream"]


class Lane(StrEnum):
    """How hard we try to deliver."""

    BEST_EFFORT = "best_effort"
    GUARANTEED = "guaranteed"
    COORDINATED = "coordinated"


class PersonalClass(StrEnum):
    """Which of an applicant's keys seals a field."""

    CONTACT = "contact"
    IDENTITY = "identity"
    BIOMETRIC = "biometric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One row: a stream of events of one context and major version.

    `key` says by what its order is kept (case, client, log or subject); `retention_days` is Kafka's: the
    journal keeps everything. `producers` may append, `consumers` read it through the door or Kafka. `opens`
    lists the classes of personal fields that a consumer may ask keys for.
    """

    name: str
    major: int = 1
    lane: Lane = Lane.GUARANTEED
    key: str = "case"
    partitions: int = 8
    retention_days: int = 30
    owner: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    meaning: str
    messages: tuple[type[Message], ...]
    opens: tuple[tuple[str, PersonalClass], ...] = ()

    @property
    def topic(self) -> str:
        """The Kafka topic's name: stream and major version."""
        return f"{self.name}.v{self.major}"
