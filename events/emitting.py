"""How rooms of the monolith say events from a subscriber: into the journal, in the same transaction."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from events.journal import Draft, record
from subscriber.context import Emission

__all__ = ["JournalEmitter"]


class JournalEmitter:
    """A `subscriber.Emitter` for stores that are the journal's own database."""

    def __init__(self, source: str) -> None:
        self._source = source

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Record emissions; one the journal has already is not written again. Raises as `record` does."""
        drafts = [
            Draft(
                message=said.message,
                subject=said.subject,
                client=said.client,
                applicant=said.applicant,
                source=self._source,
                causation=said.causation,
                correlation=said.correlation,
                traceparent=said.traceparent,
                id=said.id,
            )
            for said in emissions
        ]
        record(drafts, now=now)

    def carry(self, bell: threading.Event) -> bool:
        """Do nothing: what was emitted is home already."""
        del bell
        return False
