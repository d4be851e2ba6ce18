"""Whoever takes the ground away for processing their face: its key is destroyed, whatever happens."""

from __future__ import annotations

from events.keys import destroy_key
from protocol.catalogue import PersonalClass
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Subscriber

__all__ = ["subscriber"]


def _withdrawn(event: Event, _value: object, ctx: Context) -> None:
    destroy_key(event.envelope.applicant, PersonalClass.BIOMETRIC, now=ctx.now)


def subscriber() -> Subscriber:
    """Make the subscriber that destroys an applicant's biometric key once a basis is withdrawn.

    The call that withdraws does it first; where that call died, or found the key store away, this one does.
    """
    return Subscriber(
        name="withdrawals",
        streams=("verification.case",),
        handlers=(Handler(types=(v.BiometricBasisWithdrawn,), apply=_withdrawn),),
    )
