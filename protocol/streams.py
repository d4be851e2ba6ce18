"""The catalogue's rows: which streams there are, who says and who reads them. A new one is a row here."""

from __future__ import annotations

from protocol.schemas import audit_v1_pb2 as audit
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import dependency_v1_pb2 as dependency
from protocol.schemas import early_warning_v1_pb2 as early_warning
from protocol.schemas import fraud_v1_pb2 as fraud
from protocol.schemas import notifications_v1_pb2 as notifications
from protocol.schemas import streaming_v1_pb2 as streaming
from protocol.schemas import verification_v1_pb2 as verification
from protocol.stream import Lane, PersonalClass, Stream

__all__ = ["OURS"]

OURS: tuple[Stream, ...] = (
    Stream(
        name="client.account",
        key="client",
        owner="access",
        producers=("access",),
        consumers=("verification", "streaming", "audit"),
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
        consumers=("verification", "streaming", "decisions", "notifications", "audit"),
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
        consumers=("verification", "audit", "early_warning"),
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
