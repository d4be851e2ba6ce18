"""Facts as other code would have said them, put in the place of those that were: a re-scoring's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from google.protobuf.message import Message

from protocol.otherwise import case_of
from protocol.records import Recorded, as_record
from protocol.schemas.journal_v1_pb2 import Record

__all__ = ["NOTHING", "Supposed", "repeated"]


@dataclass(frozen=True, slots=True)
class Supposed:
    """The cases that were gone through, and what events of theirs, by id, would say; None: nothing."""

    cases: frozenset[str]
    facts: Mapping[bytes, Message | None]

    @classmethod
    def of(cls, file: Path) -> Supposed:
        """Read what `manage.py rescore --out` has kept; cases that it left out are not asked about.

        Raises:
            OSError: the file cannot be read.
            ValueError: it holds something else.
        """
        cases, facts = set[str](), dict[bytes, Message | None]()
        with file.open(encoding="utf-8") as lines:
            for case in (case_of(line) for line in lines):
                if not case.left_out:
                    cases.add(case.case)
                facts |= {
                    one.event_id.bytes: one.would_be for one in case.answers if one.differs and one.event_id
                }
        return cls(frozenset(cases), facts)

    def put(self, record: Recorded) -> Recorded | None:
        """Give an event as it would have been; None: it would not be there."""
        if record.id not in self.facts:
            return record
        would_be = self.facts[record.id]
        return None if would_be is None else repeated(record, would_be)


NOTHING: Final = Supposed(frozenset(), {})


def repeated(record: Recorded, message: Message) -> Record:
    """Give an event that says something else in its place."""
    changed = Record()
    changed.CopyFrom(as_record(record))
    changed.payload = message.SerializeToString(deterministic=True)
    return changed
