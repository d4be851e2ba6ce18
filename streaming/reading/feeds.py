"""What the feed's database holds, one question at a time; asked in a reader thread, never on the loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from django.db.models import F, QuerySet, Sum

from events import journal
from protocol.schemas.verification_v1_pb2 import CaseOpened
from streaming.models import FeedCase, FeedHead, FeedRecord
from streaming.words import feed_of

__all__ = [
    "CASE_KINDS",
    "Batch",
    "CaseOwner",
    "Head",
    "HoleInFeed",
    "Overtaken",
    "Part",
    "Row",
    "case_owner",
    "head_of",
    "previous",
    "read",
    "records_of_all",
]

# A batch ends after so many rows, or so many bytes: what a stalled reader can hold in memory.
_ROWS: Final = 256
_BYTES: Final = 256 * 1024
CASE_KINDS: Final = frozenset({"case", "evidence", "partial", "check", "decision", "waiting"})


class HoleInFeed(LookupError):
    """A number below the head has no record: readers stop rather than pass over it."""


class Overtaken(LookupError):
    """Records above the number asked after are no longer kept: tell of the gap, and go on from `oldest`."""

    def __init__(self, feed: str, after: int, oldest: int) -> None:
        super().__init__(f"{feed} keeps records from {oldest} on; {after + 1} was asked for")
        self.oldest = oldest


@dataclass(frozen=True, slots=True)
class Head:
    """Where a feed stands: its epoch, its oldest kept number, its last number (0: no record yet)."""

    epoch: str
    oldest: int
    head: int

    @property
    def available(self) -> dict[str, str | int]:
        """The range that exists, as refusals name it."""
        return {"epoch": self.epoch, "oldest": self.oldest, "head": self.head}


class Row(NamedTuple):
    """One record as it is stored; see `streaming.models.FeedRecord`."""

    number: int
    slot: int
    kind: str
    case: str
    body: bytes
    personal: bytes
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which records of a feed are looked at: one case's, or those whose slot mod `of` is `index`."""

    feed: str
    case: str = ""
    index: int = 0
    of: int = 1

    def holds(self, row: Row) -> bool:
        """Tell whether a record of the feed belongs to it."""
        return row.case == self.case if self.case else row.slot % self.of == self.index

    @property
    def whole(self) -> bool:
        """It is the feed itself: nothing is left out."""
        return not self.case and self.of == 1


class Batch(NamedTuple):
    """Records in order; nothing else of the part lies between the number asked for and `upto`."""

    rows: tuple[Row, ...]
    upto: int


@dataclass(frozen=True, slots=True)
class CaseOwner:
    """Whose a case is."""

    client: str
    live: bool
    applicant: str
    reference: str

    @property
    def feed(self) -> str:
        """The feed that tells of it."""
        return feed_of(self.client, live=self.live)


def head_of(feed: str) -> Head:
    """Tell where a feed stands; one without records has the journal's epoch."""
    found = FeedHead.objects.filter(feed=feed).first()
    if found is None:
        return Head(journal.head().epoch, 1, 0)
    return Head(found.epoch, found.oldest, found.head)


def records_of_all() -> int:
    """Count the records of every feed together, as their heads tell."""
    return int(FeedHead.objects.aggregate(all=Sum("head"))["all"] or 0)


def case_owner(case: str) -> CaseOwner | None:
    """Find whose a case is: by the feed or, opened a moment ago, by the journal; None: there is no case."""
    known = FeedCase.objects.filter(case=case).first()
    if known is not None:
        return CaseOwner(known.client, known.live, known.applicant, known.reference)
    for event in journal.after(0, subject=case, limit=1):
        if isinstance(event.message, CaseOpened):
            envelope = event.envelope
            return CaseOwner(envelope.client, event.message.live, envelope.applicant, event.message.reference)
    return None


def read(part: Part, after: int, head: int) -> Batch:
    """Read the records of a part with numbers above `after` and up to `head`, as many as one batch holds.

    Raises:
        Overtaken: some of them are no longer kept; of a case read in the midst: may be.
        HoleInFeed: a number of the whole feed has no record.
    """
    chosen = _chosen(part).filter(number__gt=after, number__lte=head).order_by("number")[:_ROWS]
    rows: list[Row] = []
    size = 0
    for number, slot, kind, case, body, personal, event_id in chosen.values_list(*Row._fields):
        # A server's driver gives views of its own memory.
        rows.append(Row(number, slot, kind, case, bytes(body), bytes(personal), event_id))
        size += len(body)
        if size >= _BYTES:
            break
    upto = rows[-1].number if size >= _BYTES or len(rows) == _ROWS else head
    complete = part.whole and len(rows) == upto - after
    # Looked at after the records: what goes in between is told, never passed over.
    if not complete and (oldest := _overtaken(part, after)):
        raise Overtaken(part.feed, after, oldest)
    if part.whole and not complete:
        raise HoleInFeed(f"{part.feed} lacks records between {after} and {upto}: rebuild it from the journal")
    return Batch(tuple(rows), upto)


def _overtaken(part: Part, after: int) -> int:
    """Give the feed's oldest kept number when the part has lost records above a number; 0: it has not."""
    head = FeedHead.objects.filter(feed=part.feed).first()
    if head is None or after + 1 >= head.oldest:
        return 0
    if part.case:
        # Of a case the first and the last number are known: what lies between them may be anywhere.
        lost = FeedCase.objects.filter(case=part.case, first__lt=head.oldest, last__gt=after)
        return head.oldest if lost.exists() else 0
    return head.oldest


def previous(part: Part, number: int) -> int:
    """Find the record of a part that lies before a number; 0: none does."""
    if part.whole:
        return number - 1
    before = _chosen(part).filter(number__lt=number).order_by("-number")
    return before.values_list("number", flat=True).first() or 0


def _chosen(part: Part) -> QuerySet[FeedRecord]:
    records = FeedRecord.objects.filter(feed=part.feed)
    if part.case:
        return records.filter(case=part.case)
    return records if part.whole else records.alias(place=F("slot") % part.of).filter(place=part.index)
