"""A write with its event, against the same write alone: one ORM UPDATE in its own transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from google.protobuf.message import Message

from benchmarks.backbone.house import main, number, sequenced
from benchmarks.pairs import paired

__all__ = ["write"]

_CASE = "case-1"


def write(asked: Mapping[str, object]) -> Mapping[str, object]:
    """Compare, in `rounds` rounds: an event without personal values, then one with a sealed field."""
    from django.db import transaction  # noqa: PLC0415 - Django is set up by the part's own main

    from events.journal import Draft, hold, record  # noqa: PLC0415 - as above
    from protocol.schemas import verification_v1_pb2 as v  # noqa: PLC0415 - as above

    change = _change()

    def plain() -> None:
        with transaction.atomic():
            change()

    def saying(message: Message) -> Callable[[], None]:
        draft = Draft(message=message, subject=_CASE, client="cl_1", applicant="applicant-1")

        def both() -> None:
            with transaction.atomic():
                hold(_CASE)
                change()
                record([draft], now=datetime.now(UTC))

        return both

    rounds = number(asked, "rounds")
    sealed = v.EvidenceReceived(evidence_id="e", evidence_kind="document_front", document_sha256=bytes(32))
    with sequenced():
        return {
            "plain": paired(plain, saying(v.CaseSubmitted(by="client")), rounds=rounds).as_dict(),
            "sealed": paired(plain, saying(sealed), rounds=rounds).as_dict(),
        }


def _change() -> Callable[[], None]:
    """Make a row and the write of it: of a table that is not a fold of the journal, which nothing guards."""
    from django.db.models import F  # noqa: PLC0415 - as above

    from events.models import RelayState  # noqa: PLC0415 - as above

    RelayState.objects.create(name="benchmark")

    def change() -> None:
        RelayState.objects.filter(pk="benchmark").update(term=F("term") + 1)

    return change


if __name__ == "__main__":
    main(write)
