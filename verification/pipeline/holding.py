"""Where a step's evidence lies and which key opens it; asked in the pipeline's own process."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from events.keys import data_key
from protocol.catalogue import PersonalClass
from protocol.envelope import Event
from verification.pipeline.pixels import Held

__all__ = ["held"]


def held(event: Event, evidence_id: str, personal: PersonalClass) -> Held:
    """Give the file of that id, of the applicant the event is about, with the key of its class.

    Raises:
        KeysAway: the key store cannot be asked now: wait and come again.
        Erased: the applicant's keys were destroyed: there is nothing left to look at.
    """
    key = data_key(event.envelope.applicant, personal, create=True)
    return Held(evidence_id, str(Path(settings.EVIDENCE_ROOT)), key)
