"""The templates of faces that are kept, for services that may compare them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from events.templates import NoTemplate
from verification.evidence_store import EvidenceDamaged, EvidenceMissing, EvidenceStore, derived

__all__ = ["face_template"]


def face_template(evidence_id: str, key: bytes) -> bytes:
    """Give the embeddings of the face in a clip or photo, as `numpy.save` wrote them: (n, 128) of float64.

    Args:
        evidence_id: the clip's or photo's.
        key: the applicant's biometric key.

    Raises:
        NoTemplate: none was kept, or it cannot be read.
    """
    try:
        return EvidenceStore(Path(settings.EVIDENCE_ROOT)).open(derived(evidence_id, "template"), key)
    except (EvidenceMissing, EvidenceDamaged, ValueError) as error:
        raise NoTemplate(f"evidence {evidence_id}: {error}") from error
