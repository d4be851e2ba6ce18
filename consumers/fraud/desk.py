"""Where events, rows and memory meet: what is new of a case is kept, compared, and said where it matters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from consumers.fraud import rows, sharing
from consumers.fraud.book import Known, Opening, Shelf, newest_first
from consumers.fraud.memory import Memory
from consumers.fraud.rows import Found
from consumers.fraud.scoring import COUNTED, Match, matches_of, scored
from consumers.fraud.signals import CLASS_OF, Sealed
from protocol.catalogue import PersonalClass
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import fraud_v1_pb2 as fraud
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context

__all__ = ["Desk"]

# Of the cases that a new one is like so many, the newest, are scored anew: with more, more changes nothing.
_OTHERS: Final = 20


class Desk:
    """Takes events in; what is found is said from the moment `since` on."""

    def __init__(self, memory: Memory, since: datetime) -> None:
        self._memory, self._since = memory, since

    def take(self, event: Event, value: object, ctx: Context) -> None:
        """Keep what can be compared of a case, and say how it stands, and those that it is like."""
        self._memory.catch_up(ctx.execute)
        # Opened just before a key was destroyed, in another case than the one that told of it; asked when no
        # other process can tell of it any more before this one has ended.
        gone = rows.gone(ctx.execute, event.envelope.applicant)
        signals = [one for one in _sealed(value) if CLASS_OF[one.signal.kind] not in gone]
        known = self._opened(event, ctx) or self._memory.book.case(event.envelope.subject)
        if not (signals or isinstance(event.message, v.CaseOpened)):
            return
        if known is None:
            # It came by another topic, before the opening: it is taken up with that.
            rows.keep_signals(ctx.execute, event.envelope.subject, event.envelope.applicant, signals)
            return
        before = self._matches(known, ctx)
        rows.keep_signals(ctx.execute, known.opening.case, known.opening.applicant, signals)
        for signal, _ in signals:
            self._memory.book.put(known, signal)
        self._changed(known, event, ctx)
        self._judge(known, before, ctx)

    def forget_faces(self, event: Event, _value: object, ctx: Context) -> None:
        """Forget what is biometric of an applicant, and say how that leaves everyone it was like."""
        applicant = event.envelope.applicant
        self._memory.catch_up(ctx.execute)
        theirs = self._memory.book.of_applicant(event.envelope.client, applicant)
        before = {case.opening.case: self._matches(case, ctx) for case in theirs}
        rows.drop_signals(ctx.execute, applicant, PersonalClass.BIOMETRIC)
        for case in theirs:
            self._memory.book.drop(case, PersonalClass.BIOMETRIC)
            self._changed(case, event, ctx)
        for case in theirs:
            self._judge(case, before[case.opening.case], ctx, others=None)

    def submitted(self, event: Event, _value: object, ctx: Context) -> None:
        """Say what was found of a case before the service says anything: the client waits for this one."""
        self._memory.catch_up(ctx.execute)
        known = self._memory.book.case(event.envelope.subject)
        if known is not None:
            self._say(known, rows.found_of(ctx.execute, known.opening.case).scored, ctx)

    def _opened(self, event: Event, ctx: Context) -> Known | None:
        """Know a case from its opening; None: this is no opening."""
        if not isinstance(event.message, v.CaseOpened):
            return None
        e = event.envelope
        shelf = Shelf(e.client, event.message.live)
        opening = Opening(e.subject, shelf, e.applicant, to_us(e.occurred_at))
        rows.add_case(ctx.execute, opening)
        return self._memory.opened(ctx.execute, opening)

    def _changed(self, known: Known, event: Event, ctx: Context) -> None:
        change = rows.add_change(ctx.execute, str(event.envelope.id), known.opening.case)
        self._memory.in_step(change)

    def _matches(self, known: Known, ctx: Context) -> list[Match]:
        members = sharing.members(ctx.execute, known.opening.shelf.client, to_us(ctx.moment))
        return matches_of(known, self._memory.book, members)

    def _judge(
        self, known: Known, before: Iterable[Match], ctx: Context, *, others: int | None = _OTHERS
    ) -> None:
        """Score a case anew, and so many of those that it is like, or was until now; None: all of them."""
        matches = self._matches(known, ctx)
        self._say(known, scored(known, matches, because_of=known.opening.case), ctx)
        alike = {match.other.opening.case: match.other for match in (*before, *matches)}
        for other in sorted(alike.values(), key=newest_first)[:others]:
            ours = other.opening.shelf == known.opening.shelf
            because_of = known.opening.case if ours else ""
            self._say(other, scored(other, self._matches(other, ctx), because_of=because_of), ctx)

    def _say(self, known: Known, now: fraud.FraudScored, ctx: Context) -> None:
        """Keep how a case stands, and say it if that is new; what was found before `since` is only kept."""
        last = rows.found_of(ctx.execute, known.opening.case)
        nothing = not (now.findings or now.compared)
        if _alike(last.scored, now) and (last.said or nothing):
            return
        say = ctx.moment >= self._since
        rows.keep_found(ctx.execute, known.opening.case, Found(now, say))
        if say:
            opening = known.opening
            ctx.emit(now, subject=opening.case, client=opening.shelf.client, applicant=opening.applicant)


def _alike(one: fraud.FraudScored, other: fraud.FraudScored) -> bool:
    """Tell whether two say the same of a case, whatever led to them, and in how many more than counts."""
    return list(map(_gist, one.findings)) == list(map(_gist, other.findings)) and list(one.compared) == list(
        other.compared
    )


def _gist(finding: fraud.Finding) -> tuple[str, str, float, tuple[str, ...] | None]:
    few = finding.cases <= COUNTED
    return finding.code, finding.sharing_group, finding.weight_01, tuple(finding.case_ids) if few else None


def _sealed(value: object) -> tuple[Sealed, ...]:
    if not isinstance(value, tuple):
        raise TypeError(f"signals were expected, not {type(value).__name__}")
    return value
