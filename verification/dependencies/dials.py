"""What is done when something we depend on is not there, slow or unreliable: decided beforehand, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["DIALS", "Dependency", "Dial", "Trouble", "dial"]


class Dependency(StrEnum):
    """What the product stands on."""

    LICENCE_REGISTER = "licence_register"
    DATABASE = "database"
    EVIDENCE_STORE = "evidence_store"
    KEY_STORE = "key_store"
    VISION_WORKER = "vision_worker"
    SERVICE = "service"


class Trouble(StrEnum):
    """How a dependency may fail us."""

    NOT_THERE = "not_there"
    SLOW = "slow"
    UNRELIABLE = "unreliable"


@dataclass(frozen=True, slots=True)
class Dial:
    """One chosen answer: its code, as events say it, and what it means in words, for staff.

    `by_client`: the code of the answer that a client may have chosen instead; empty: there is none.
    """

    fallback: str
    meaning: str
    by_client: str = ""


def _dials(not_there: Dial, slow: Dial, unreliable: Dial) -> dict[Trouble, Dial]:
    return {Trouble.NOT_THERE: not_there, Trouble.SLOW: slow, Trouble.UNRELIABLE: unreliable}


# The same for every stake: what a stake makes of a missing answer is its policy's business.
DIALS: dict[Dependency, dict[Trouble, Dial]] = {
    Dependency.LICENCE_REGISTER: _dials(
        Dial(
            "ask_again",
            "Asked again with jitter until the case's deadline, then unavailable / register_unavailable. "
            "Where the client's dial is on: waited for, 2 to 15 minutes, asked every 30 s, and approved on "
            "trust meanwhile, within the client's cap.",
            by_client="wait",
        ),
        Dial("ask_again", "Given up after 3 s, then as not there; no other step waits."),
        Dial("ask_again", "Not believed; asked again with jitter; after five in a row the breaker opens."),
    ),
    Dependency.DATABASE: _dials(
        Dial("refuse", "503 with Retry-After, nothing half done; what has a receipt is not lost."),
        Dial("shed_load", "Waits within bounds, then refuses early."),
        Dial("retry_once", "Tried once more when that is safe, then refused."),
    ),
    Dependency.EVIDENCE_STORE: _dials(
        Dial("refuse", "The upload is refused with a clear error; nothing of it is kept."),
        Dial("refuse", "The upload ends at its deadline and is refused."),
        Dial("refuse", "Every read is checked against its checksum; a wrong one is never used."),
    ),
    Dependency.KEY_STORE: _dials(
        Dial("wait", "Readers wait, nothing personal is shown, uploads are refused."),
        Dial("wait", "Keys are kept for at most 60 s; beyond that as not there."),
        Dial("wait", "As not there: what cannot be opened is never guessed."),
    ),
    Dependency.VISION_WORKER: _dials(
        Dial("do_again", "Started again and the step done again; the third time unavailable / step_failed."),
        Dial("do_again", "Stopped at the step's deadline, then as not there."),
        Dial("do_again", "As not there: a step counts once, however often it was done."),
    ),
    Dependency.SERVICE: _dials(
        Dial("go_on", "Everyone else goes on; its absence is shown, and it catches up later."),
        Dial("go_on", "As not there: nobody waits for a service."),
        Dial("park", "What it cannot handle becomes a dead letter; the other cases go on."),
    ),
}


def dial(dependency: Dependency, trouble: Trouble) -> Dial:
    """Find the decided answer to a failure."""
    return DIALS[dependency][trouble]
