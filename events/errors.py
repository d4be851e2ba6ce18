"""What can go wrong in the memory, named by what the caller has to do.

::

    JournalError
    ├── WrongDraft           mend the caller: this will never be taken
    │   ├── TooLarge         a message over 64 KiB: send bytes by reference
    │   ├── TooManyEvents    more than 1,000 events in one transaction: split the command
    │   ├── NoApplicant      a personal field, and nobody whose key could seal it
    │   └── WrongLane        a best-effort message: note it as a statistic instead
    ├── KeysError            what applicants' keys answer
    │   ├── Erased           tell the person: the key was destroyed, nothing brings the value back
    │   ├── NeverMade        mend the caller: no event ever used this key
    │   ├── KeysAway         come again (also a `subscriber.NotNow`): the key store cannot answer
    │   └── DoesNotOpen      alarm: ciphertext and key do not belong together
    └── Broken               alarm: the journal contradicts itself
"""

from __future__ import annotations

from subscriber.errors import NotNow

__all__ = [
    "Broken",
    "DoesNotOpen",
    "Erased",
    "JournalError",
    "KeysAway",
    "KeysError",
    "NeverMade",
    "NoApplicant",
    "TooLarge",
    "TooManyEvents",
    "WrongDraft",
    "WrongLane",
]


class JournalError(Exception):
    """Anything the memory refuses or cannot do."""


class WrongDraft(JournalError):
    """The journal will never take this: mend the caller."""


class TooLarge(WrongDraft):
    """A message is larger than the journal takes: let bytes travel by reference."""


class TooManyEvents(WrongDraft):
    """One transaction may say at most 1,000 events: split the command."""


class NoApplicant(WrongDraft):
    """A personal field has no applicant whose key could seal it."""


class WrongLane(WrongDraft):
    """Best-effort messages are noted as statistics; the journal does not take them."""


class KeysError(JournalError):
    """A personal value cannot be sealed or opened."""


class Erased(KeysError):
    """The applicant's key of this class was destroyed: the value is gone, and no new one is taken."""


class NeverMade(KeysError):
    """The applicant has no key of this class, because no event ever used one."""


class KeysAway(KeysError, NotNow):
    """The key store cannot answer, or has lost a key that is in use: wait and come again."""


class DoesNotOpen(KeysError):
    """Ciphertext, key and place do not belong together: it was changed, moved, or sealed by another key."""


class Broken(JournalError):
    """The journal contradicts itself: stop and look."""
