"""Which streams there are, and everything that is true of each: the one table, and the door to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from protocol.schemas import audit_v1_pb2 as audit
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import dependency_v1_pb2 as dependency
from protocol.schemas import early_warning_v1_pb2 as early_warning
from protocol.schemas import fraud_v1_pb2 as fraud
from protocol.schemas import notifications_v1_pb2 as notifications
from protocol.schemas import options_pb2 as options
from protocol.schemas import streaming_v1_pb2 as streaming
from protocol.schemas import verification_v1_pb2 as verification

__all__ = [
    "STREAMS",
    "Lane",
    "PersonalClass",
    "Stream",
    "UnknownType",
    "all_types",
    "knows",
    "lane_of",
    "message_class",
    "parse",
    "personal_class",
    "stream_named",
    "stream_of",
    "type_name",
    "use",
]


class UnknownType(LookupError):
    """No stream of the catalogue carries a message of that name: skip and count it, or mend the sender."""


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


_OURS: tuple[Stream, ...] = (
    Stream(
        name="client.account",
        key="client",
        owner="access",
        producers=("access",),
        consumers=("verification", "streaming", "audit", "notifications"),
        meaning="A client was added; its keys were issued and revoked; its own reviewers may decide or not.",
        messages=(client.ClientAdded, client.KeyIssued, client.KeyRevoked, client.ReviewersSwitched),
    ),
    Stream(
        name="client.policy",
        key="client",
        owner="access",
        producers=("access",),
        consumers=("decisions", "audit"),
        meaning="A client changed one of its policies, or what is done while the register is away.",
        messages=(client.PolicyChanged, client.RegisterDialSet),
    ),
    Stream(
        name="client.sharing",
        key="client",
        owner="access",
        producers=("access",),
        consumers=("fraud", "audit"),
        meaning="A client joined a group whose members' cases are compared for fraud, or left it.",
        messages=(client.SharingJoined, client.SharingLeft),
    ),
    Stream(
        name="verification.case",
        owner="verification",
        producers=("verification",),
        consumers=(
            "verification",
            "streaming",
            "decisions",
            "fraud",
            "notifications",
            "audit",
            "early_warning",
        ),
        meaning="What happened to a case: opened, evidence, challenge, basis, submitted, reviewed, ended.",
        messages=(
            verification.CaseOpened,
            verification.CaptureTokenIssued,
            verification.BiometricBasisRecorded,
            verification.BiometricBasisWithdrawn,
            verification.ChallengeDrawn,
            verification.EvidenceReceived,
            verification.EvidenceRefused,
            verification.CaseSubmitted,
            verification.DeadlinePassed,
            verification.ReviewRequested,
            verification.ReviewConcluded,
            verification.CaseWithdrawn,
            verification.CaseExpired,
        ),
        opens=(
            ("notifications", PersonalClass.CONTACT),
            ("fraud", PersonalClass.IDENTITY),
            ("fraud", PersonalClass.BIOMETRIC),
        ),
    ),
    Stream(
        name="verification.partial",
        owner="verification",
        producers=("verification",),
        consumers=("verification", "streaming", "decisions", "fraud", "audit"),
        meaning="Facts known before their check has ended.",
        messages=(
            verification.DocumentClassified,
            verification.PictureGraded,
            verification.PageRectified,
            verification.FieldsRead,
            verification.MachineZoneRead,
            verification.PortraitFound,
            verification.FaceTrackRead,
            verification.AgeEstablished,
            verification.WaitingBegan,
        ),
        opens=(("fraud", PersonalClass.IDENTITY), ("fraud", PersonalClass.BIOMETRIC)),
    ),
    Stream(
        name="verification.result",
        owner="verification",
        producers=("verification",),
        consumers=(
            "verification",
            "streaming",
            "decisions",
            "fraud",
            "notifications",
            "audit",
            "early_warning",
        ),
        meaning="Checks that have ended.",
        messages=(verification.CheckCompleted,),
    ),
    Stream(
        name="verification.statistics",
        lane=Lane.BEST_EFFORT,
        retention_days=7,
        owner="verification",
        producers=("verification",),
        consumers=("early_warning",),
        meaning="Steps started and finished, with durations.",
        messages=(verification.StepStarted, verification.StepFinished),
    ),
    Stream(
        name="verification.access",
        owner="verification",
        producers=("verification",),
        consumers=("audit",),
        meaning="Who looked at what, on what ground.",
        messages=(verification.PersonalDataViewed,),
    ),
    Stream(
        name="decisions.decision",
        owner="decisions",
        producers=("decisions",),
        consumers=("verification", "streaming", "decisions", "notifications", "fraud", "audit"),
        meaning="Decisions reached, expired and corrected, with the facts they rest on.",
        messages=(decisions.DecisionReached, decisions.DecisionExpired, decisions.DecisionCorrected),
    ),
    Stream(
        name="decisions.exposure",
        lane=Lane.COORDINATED,
        owner="decisions",
        producers=("decisions",),
        consumers=("verification", "audit"),
        meaning="How much of a client's cap a provisional approval takes, and when it is free again.",
        messages=(decisions.TrustReserved, decisions.TrustReleased),
    ),
    Stream(
        name="fraud.score",
        owner="fraud",
        producers=("fraud",),
        consumers=("verification", "decisions", "audit"),
        meaning="What of a case was seen before or again later, and how much it weighs.",
        messages=(fraud.FraudScored,),
    ),
    Stream(
        name="dependency.call",
        owner="verification",
        producers=("verification",),
        consumers=("streaming", "early_warning", "audit"),
        meaning="Every request that left the house, and what came of it.",
        messages=(
            dependency.CallAsked,
            dependency.CallAnswered,
            dependency.CallFailed,
            dependency.FallbackTaken,
        ),
    ),
    Stream(
        name="notifications.delivery",
        owner="notifications",
        producers=("notifications",),
        consumers=("notifications", "verification", "audit"),
        meaning="Messages to people: asked for, sent, failed, held, dropped and bounced; no address.",
        messages=(
            notifications.MessageAsked,
            notifications.AttemptDue,
            notifications.MessageWaits,
            notifications.MessageSent,
            notifications.MessageFailed,
            notifications.MessageHeld,
            notifications.MessageSettled,
            notifications.MessageDropped,
            notifications.MessageBounced,
        ),
    ),
    Stream(
        name="operations.warning",
        key="subject",
        owner="early_warning",
        producers=("early_warning",),
        # The service reads what it said itself: from there it knows, after a rebuild too, what is open.
        consumers=("verification", "notifications", "audit", "early_warning"),
        meaning="Something will soon be too slow, or fails, or stands still; and that it is well again.",
        messages=(early_warning.WarningRaised, early_warning.WarningEnded),
    ),
    Stream(
        name="feed.operation",
        key="client",
        owner="streaming",
        producers=("streaming",),
        consumers=("streaming", "audit"),
        meaning="What the feeds let go of, and which version of the public projection speaks from here on.",
        messages=(streaming.RecordsExpired, streaming.ProjectionAdopted),
    ),
    Stream(
        name="audit.head",
        key="log",
        owner="audit",
        producers=("audit",),
        consumers=("audit",),
        meaning="How the audit log stood, signed: with it, whatever is done to the log afterwards is found.",
        messages=(audit.HeadPublished,),
    ),
)

_rows: list[Stream] = []
STREAMS: Sequence[Stream] = _rows
_BY_NAME: dict[str, Stream] = {}
_PARSERS: dict[str, Callable[[bytes], Message]] = {}
_BY_TYPE: dict[str, tuple[Stream, type[Message]]] = {}
_CLASSES = {
    options.CONTACT: PersonalClass.CONTACT,
    options.IDENTITY: PersonalClass.IDENTITY,
    options.BIOMETRIC: PersonalClass.BIOMETRIC,
}


def use(streams: Iterable[Stream]) -> None:
    """Make this process's catalogue another product's: its rows in place of ours.

    For an application that keeps events of its own, with `events` and `subscriber` as libraries: see
    docs/strangler.md.
    Call it before anything is said or followed: in its Django settings, and first in its services.

    Raises:
        ValueError: two rows have one name, or carry the same message; nothing was changed.
    """
    rows = list(streams)
    types = [type_name(message) for stream in rows for message in stream.messages]
    if len({stream.name for stream in rows}) < len(rows) or len(set(types)) < len(types):
        raise ValueError("two rows of the catalogue have one name, or carry the same message")
    for kept in (_BY_NAME, _PARSERS, _BY_TYPE):
        kept.clear()
    _rows[:] = rows
    _BY_NAME.update((stream.name, stream) for stream in rows)
    for stream in rows:
        for message in stream.messages:
            _PARSERS[type_name(message)] = message.FromString
            _BY_TYPE[type_name(message)] = (stream, message)


def type_name(message: Message | type[Message]) -> str:
    """Give the event type of a message: its schema's full name."""
    return message.DESCRIPTOR.full_name


def stream_named(name: str) -> Stream:
    """Find a stream by its name.

    Raises:
        UnknownType: the catalogue has no such stream.
    """
    if name not in _BY_NAME:
        raise UnknownType(f"no stream is named {name!r}; the catalogue has {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def stream_of(type_: str) -> Stream:
    """Find the stream that carries events of a type.

    Raises:
        UnknownType: no stream carries it.
    """
    return _row(type_)[0]


def lane_of(streams: Iterable[Stream]) -> Lane:
    """Find the lane of a unit that has events of these streams: coordinated as soon as one of them is.

    So a decision is guaranteed when it is said alone, and coordinated when it goes with an exposure.
    """
    if any(stream.lane is Lane.COORDINATED for stream in streams):
        return Lane.COORDINATED
    return Lane.GUARANTEED


def message_class(type_: str) -> type[Message]:
    """Find the class whose messages events of a type carry.

    Raises:
        UnknownType: no stream carries it.
    """
    return _row(type_)[1]


def parse(type_: str, payload: bytes) -> Message:
    """Read the message of an event.

    Raises:
        UnknownType: no stream carries its type.
        google.protobuf.message.DecodeError: the payload is no such message.
    """
    try:
        parser = _PARSERS[type_]
    except KeyError:
        raise UnknownType(f"no stream carries {type_!r}") from None
    return parser(payload)


def personal_class(field: FieldDescriptor) -> PersonalClass | None:
    """Tell which class of key seals a field; None for a field that says nothing about a person."""
    return _CLASSES.get(field.GetOptions().Extensions[options.data])


def knows(type_: str) -> bool:
    """Tell whether this build has events of a type."""
    return type_ in _BY_TYPE


def _row(type_: str) -> tuple[Stream, type[Message]]:
    if type_ not in _BY_TYPE:
        raise UnknownType(f"no stream carries {type_!r}")
    return _BY_TYPE[type_]


def all_types() -> Iterator[str]:
    """List the type of every event there is."""
    return iter(_BY_TYPE)


use(_OURS)
