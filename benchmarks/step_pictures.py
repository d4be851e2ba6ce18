"""Has pictures of a licence received in new cases: `python -m benchmarks.step_pictures COUNT`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import django

__all__ = ["main"]


def main(count: int) -> None:
    """Write the pictures and their events; the installation is that of $VOUCH_DATA."""
    django.setup()
    # After the set-up: these read its settings.
    from django.conf import settings  # noqa: PLC0415

    from events.journal import Draft, record  # noqa: PLC0415
    from events.keys import data_key  # noqa: PLC0415
    from protocol.catalogue import PersonalClass  # noqa: PLC0415
    from protocol.schemas import verification_v1_pb2 as v  # noqa: PLC0415
    from tests.specimens.camera import photograph  # noqa: PLC0415
    from tests.specimens.documents import licence  # noqa: PLC0415
    from tests.specimens.holders import HOLDER_A  # noqa: PLC0415
    from verification.evidence_store import EvidenceStore  # noqa: PLC0415

    picture = photograph(licence(HOLDER_A, seed=7), seed=7)
    store = EvidenceStore(Path(settings.EVIDENCE_ROOT))
    for _ in range(count):
        case, evidence, applicant = (str(uuid4()) for _ in range(3))
        store.put(evidence, picture, data_key(applicant, PersonalClass.IDENTITY, create=True))
        message = v.EvidenceReceived(evidence_id=evidence, evidence_kind="document_front")
        received = Draft(message=message, subject=case, client="cl_1", applicant=applicant)
        record([received], now=datetime.now(UTC))


if __name__ == "__main__":
    main(int(sys.argv[1]))
