"""What a command does to a case: pure functions from where it stands to the events, or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from google.protobuf.message import Message

from events.journal import Draft
from protocol.case_state import CaseState, Waiting
from protocol.checks import CHECK_SLOTS, Check, Grade
from protocol.ids import from_us, to_us
from protocol.policies import PolicyRef
from protocol.problems import Refused
from protocol.schemas import verification_v1_pb2 as v
from verification import challenge

__all__ = [
    "DEADLINE",
    "Drawn",
    "Opening",
    "Standing",
    "accepting",
    "draft",
    "draw_challenge",
    "expire",
    "going_on",
    "judge_clip",
    "next_deadline",
    "open_case",
    "pass_deadline",
    "receive",
    "record_basis",
    "submit",
    "withdraw",
    "withdraw_basis",
]

_DAY = timedelta(hours=24)
# A step that waits by a dial ends that itself; so long after its end it is taken for dead.
_DIAL_GRACE = timedelta(seconds=15)
# From submit to the moment at which what still runs is answered by its absence (DESIGN §5).
DEADLINE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A client's wish to open a case; `claimed` with personal fields in clear, `minimum_age` 0: none."""

    reference: str
    stake: v.Money
    claimed: v.Claimed
    minimum_age: int
    policy: PolicyRef
    basis: v.BiometricBasisRecorded | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A challenge of a case; `answered`: a clip came after it; `used`: that clip was accepted."""

    id: str
    actions: tuple[v.Action, ...]
    attempt: int
    expires_at: datetime
    answered: bool
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a case stands, as far as commands look at it."""

    case: str
    client: str
    applicant: str
    live: bool
    state: CaseState
    minimum_age: int
    time_zone: str
    basis: bool
    deadline_passed: bool

    @property
    def over(self) -> bool:
        """The case was withdrawn or has expired: nothing more happens in it.

        By its moments, not by its status: a decision that comes after the end changes that word.
        """
        expired = self.state.expired_at_us and not self.state.submitted_at_us
        return bool(self.state.withdrawn_at_us or expired)


def draft(standing: Standing, message: Message) -> Draft:
    """Make the draft of an event about a case."""
    return Draft(message=message, subject=standing.case, client=standing.client, applicant=standing.applicant)


def open_case(standing: Standing, opening: Opening, token: v.CaptureTokenIssued) -> tuple[Draft, ...]:
    """Open a case of which only the ids are there yet, with a phone's token and perhaps a basis."""
    opened = v.CaseOpened(
        reference=opening.reference,
        live=standing.live,
        stake=opening.stake,
        claimed=opening.claimed,
        minimum_age=opening.minimum_age,
        policy_name=opening.policy.name,
        policy_version=opening.policy.version,
        time_zone=standing.time_zone,
    )
    messages: list[Message] = [opened, token]
    if opening.basis is not None:
        messages.append(opening.basis)
    return tuple(draft(standing, message) for message in messages)


def accepting(standing: Standing) -> None:
    """Refuse evidence and challenges when no more may come.

    Raises:
        Refused: `not_accepting`.
    """
    if standing.over:
        raise Refused("not_accepting", f"the case is {standing.state.status}; open a new one")
    if standing.state.submitted_at_us:
        raise Refused("not_accepting", "the case was submitted; no more evidence is taken")


def record_basis(standing: Standing, basis: v.BiometricBasisRecorded) -> tuple[Draft, ...]:
    """Record a ground for processing the applicant's face.

    Raises:
        Refused: `not_accepting`: the case is over.
    """
    going_on(standing)
    return (draft(standing, basis),)


def withdraw_basis(standing: Standing) -> tuple[Draft, ...]:
    """End the ground for processing the applicant's face; without one, nothing happens."""
    return (draft(standing, v.BiometricBasisWithdrawn()),) if standing.basis else ()


def draw_challenge(
    drawn: Sequence[Drawn],
    of_the_applicant: Sequence[datetime],
    *,
    now: datetime,
    new_id: str,
    randbelow: Callable[[int], int],
) -> v.ChallengeDrawn | Drawn:
    """Draw what is asked before the camera; give the last challenge back while it waits for its clip.

    A challenge that expired without an upload is drawn again with the same actions, so that nobody can wait
    for the ones they would like.

    Args:
        drawn: the case's challenges, oldest first.
        of_the_applicant: when each of the applicant's challenges was drawn, oldest first.
        now: the present moment.
        new_id: the new challenge's id.
        randbelow: see `challenge.draw_actions`.

    Raises:
        Refused: `too_many_attempts`.
    """
    last = drawn[-1] if drawn else None
    if last is not None and not last.answered and now < last.expires_at:
        return last
    _refuse_too_many(drawn, of_the_applicant, now)
    same = last.actions if last is not None and not last.answered else None
    return v.ChallengeDrawn(
        challenge_id=new_id,
        actions=same or challenge.draw_actions(randbelow),
        record_ms=challenge.RECORD_MS,
        expires_at_us=to_us(now + challenge.LASTS),
        attempt=len(drawn) + 1,
    )


def _refuse_too_many(drawn: Sequence[Drawn], of_the_applicant: Sequence[datetime], now: datetime) -> None:
    if len(drawn) >= challenge.MOST_PER_CASE:
        raise Refused("too_many_attempts", f"a case has at most {challenge.MOST_PER_CASE} challenges")
    today = [moment for moment in of_the_applicant if moment > now - _DAY]
    if len(today) >= challenge.MOST_PER_APPLICANT_AND_DAY:
        raise Refused(
            "too_many_attempts",
            f"an applicant has at most {challenge.MOST_PER_APPLICANT_AND_DAY} challenges a day",
            until=(today[-challenge.MOST_PER_APPLICANT_AND_DAY] + _DAY).isoformat(timespec="seconds"),
        )


def judge_clip(drawn: Drawn | None, *, arrived_at: datetime, duration_ms: int | None = None) -> None:
    """Refuse a clip that answers no challenge, or a used or expired one, or is too short for it.

    Args:
        drawn: the challenge the clip names; None: the case has none of that id.
        arrived_at: when the first byte of the upload came.
        duration_ms: the clip's duration; None: not known yet.

    Raises:
        Refused: `challenge_required`, `challenge_used`, `challenge_expired` or `too_short`.
    """
    if drawn is None:
        raise Refused("challenge_required", "name the `challenge` of this case that the clip answers")
    if drawn.used:
        raise Refused("challenge_used", "draw a new challenge and record again")
    if arrived_at >= drawn.expires_at:
        raise Refused("challenge_expired", "draw a challenge when recording starts, then upload at once")
    needed_ms = challenge.shortest_clip_ms([action.at_ms for action in drawn.actions])
    if duration_ms is not None and duration_ms < needed_ms:
        raise Refused("too_short", f"the clip lasts {duration_ms} ms; this challenge needs {needed_ms} ms")


def receive(standing: Standing, received: v.EvidenceReceived) -> tuple[Draft, ...]:
    """Accept a file that was judged good.

    Raises:
        Refused: `not_accepting`.
    """
    accepting(standing)
    return (draft(standing, received),)


def submit(standing: Standing, *, by: str, now: datetime) -> tuple[Draft, ...]:
    """Say that no more evidence comes: checks that wait for some end at once; twice is once.

    Raises:
        Refused: `not_accepting`: the case is over.
    """
    going_on(standing)
    if standing.state.submitted_at_us:
        return ()
    waiting = [c for c in standing.state.missing if CHECK_SLOTS[c] - standing.state.evidence.keys()]
    answers = [_ended(standing, check, _without_evidence(standing, check), now) for check in waiting]
    return tuple(draft(standing, m) for m in (v.CaseSubmitted(by=by), *answers))


def pass_deadline(standing: Standing, *, now: datetime) -> tuple[Draft, ...]:
    """End what still runs when a submitted case's time is over; a real answer may still replace it.

    A check that waits by a dial stays open until the dial has ended. Before the deadline nothing ends.
    """
    submitted_us = standing.state.submitted_at_us
    if standing.over or not submitted_us or now < from_us(submitted_us) + DEADLINE:
        return ()
    open_until = {check: _dial_ends(wait) for check, wait in standing.state.waiting.items()}
    late = [c for c in standing.state.missing if open_until.get(c, now) <= now]
    if standing.deadline_passed:
        late = [check for check in late if check in open_until]
    if not late:
        return ()
    answers = [_ended(standing, check, "deadline", now) for check in late]
    return tuple(draft(standing, m) for m in (v.DeadlinePassed(checks=late), *answers))


def next_deadline(standing: Standing, *, now: datetime) -> datetime | None:
    """Tell when to look again for what still runs; None: no dial runs."""
    ends = [_dial_ends(wait) for wait in standing.state.waiting.values()]
    return min((end for end in ends if end > now), default=None)


def _dial_ends(wait: Waiting) -> datetime:
    return from_us(wait.until_us) + _DIAL_GRACE


def expire(standing: Standing, *, token_ended_at: datetime, now: datetime) -> tuple[Draft, ...]:
    """End a case that was neither submitted nor decided when its last token ended."""
    if now < token_ended_at or standing.state.status not in {"open", "checking", "waiting"}:
        return ()
    if standing.state.submitted_at_us:
        return ()
    return (draft(standing, v.CaseExpired(token_ended_at_us=to_us(token_ended_at))),)


def withdraw(standing: Standing, *, by: str) -> tuple[Draft, ...]:
    """Call a case off; twice is once.

    Raises:
        Refused: `conflict`: the case has expired.
    """
    if standing.over and not standing.state.withdrawn_at_us:
        raise Refused("conflict", "the case has expired; there is nothing to withdraw")
    return () if standing.over else (draft(standing, v.CaseWithdrawn(by=by)),)


def going_on(standing: Standing) -> None:
    """Refuse what is asked of a case that is over.

    Raises:
        Refused: `not_accepting`.
    """
    if standing.over:
        raise Refused("not_accepting", f"the case is {standing.state.status}; open a new one")


def _without_evidence(standing: Standing, check: Check) -> str:
    """Give the reason of a check whose evidence never came; empty: there is no such question to ask."""
    return "" if check is Check.AGE and not standing.minimum_age else "evidence_missing"


def _ended(standing: Standing, check: Check, reason: str, now: datetime) -> v.CheckCompleted:
    """End a check without an answer; an empty reason: it was not applicable."""
    status = Grade.UNAVAILABLE if reason else Grade.NOT_APPLICABLE
    reasons = [v.Reason(code=reason)] if reason else []
    held = [standing.state.evidence[s] for s in CHECK_SLOTS[check] if s in standing.state.evidence]
    complete = len(held) == len(CHECK_SLOTS[check])
    return v.CheckCompleted(
        check=check,
        status=status,
        breakdown=[v.Breakdown(name=check, status=status, reasons=reasons)] if reason else [],
        reasons=reasons,
        evidence_ids=sorted(e.evidence_id for e in held),
        evidence_keyseq=max((e.keyseq for e in held), default=0) if complete else 0,
        started_at_us=to_us(now),
        finished_at_us=to_us(now),
        final=reason != "deadline",
    )
