"""How a statement is said: the messages of decisions."""

from __future__ import annotations

from consumers.decisions.statements import Stated, Statement
from protocol.policies import PolicyRef
from protocol.schemas import decisions_v1_pb2 as decisions

__all__ = ["decided", "expired"]


def decided(
    statement: Statement, policy: PolicyRef, standing_id: str
) -> decisions.DecisionReached | decisions.DecisionCorrected:
    """Word a decision; a correction names the one that stands."""
    if statement.state == "corrected" and standing_id:
        return decisions.DecisionCorrected(
            decision_id=standing_id,
            outcome=statement.outcome,
            policy=_version(policy),
            because=statement.because,
            missing=statement.missing,
        )
    return decisions.DecisionReached(
        outcome=statement.outcome,
        state=statement.state,
        policy=_version(policy),
        because=statement.because,
        missing=statement.missing,
        expires_at_us=statement.expires_at_us,
    )


def expired(stated: Stated, policy: PolicyRef) -> decisions.DecisionExpired:
    """Word the end of an approval ahead."""
    return decisions.DecisionExpired(
        decision_id=stated.event_id,
        policy=_version(policy),
        outcome=stated.statement.outcome,
        missing=stated.statement.missing,
    )


def _version(policy: PolicyRef) -> decisions.PolicyVersion:
    return decisions.PolicyVersion(name=policy.name, version=policy.version)
