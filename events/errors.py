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
    ├── RelayRefused         mend, then start the relay again: it would not carry the journal rightly
    │   ├── WrongTopic       a topic is not as the catalogue has it
    │   ├── ReplacedCluster  the cluster is not the one that the checkpoint counts in
    │   ├── WrongCheckpoint  the checkpoint names an epoch or a position that the journal does not have
    │   ├── UnknownStream    the journal has a stream that this build's catalogue lacks
    │   └── NotLetIn         the cluster refuses the name, the password or the certificate
    ├── NotTheLeader         stand by: another relay carries the journal
    ├── NothingToDeclare     nothing: no event was written since the last declaration
    ├── OnlyReading          mend the caller: what looks at the past writes nothing
    ├── WrittenBeside        mend the caller: only projections write event-sourced tables
    ├── SetAside             alarm: events are in quarantine; release them first (docs/runbooks)
    ├── StillRefused         mend the cause first: the journal would refuse the released events again
    └── Broken               alarm: the journal contradicts itself

`CoordinatorAway` is the runtime's (`subscriber.errors`): a coordinated event cannot be said at the moment.
"""

from __future__ import annotations

from subscriber.errors import CoordinatorAway, NotNow

__all__ = [
    "Broken",
    "CoordinatorAway",
    "DoesNotOpen",
    "Erased",
    "JournalError",
    "KeysAway",
    "KeysError",
    "NeverMade",
    "NoApplicant",
    "NotLetIn",
    "NotTheLeader",
    "NothingToDeclare",
    "OnlyReading",
    "RelayRefused",
    "ReplacedCluster",
    "SetAside",
    "StillRefused",
    "TooLarge",
    "TooManyEvents",
    "UnknownStream",
    "WrittenBeside",
    "WrongCheckpoint",
    "WrongDraft",
    "WrongLane",
    "WrongTopic",
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


class RelayRefused(JournalError):
    """The relay ends rather than carry the journal wrongly; the message says what it found and what to do."""


class WrongTopic(RelayRefused):
    """A topic has other partitions, copies, limits or retention than the catalogue says."""


class ReplacedCluster(RelayRefused):
    """The checkpoint counts in another Kafka cluster than the one that answers."""


class WrongCheckpoint(RelayRefused):
    """The checkpoint names an epoch that the journal never had, or a position beyond its end."""


class UnknownStream(RelayRefused):
    """The journal has events of a stream that this build does not know: start the build that wrote them."""


class NotLetIn(RelayRefused):
    """The cluster refuses the name and password, or a certificate does not hold."""


class NotTheLeader(JournalError):
    """Another relay carries the journal, or has taken it over: stand by."""


class NothingToDeclare(JournalError):
    """No event was written in the journal's epoch: there is no other history to be told from this one."""


class OnlyReading(JournalError):
    """A statement would write, where only the past is looked at: mend the caller."""


class WrittenBeside(JournalError):
    """A statement writes an event-sourced table outside of a projection: record an event instead."""


class SetAside(JournalError):
    """Events are in quarantine, in tables but not in the journal: release them before this is done."""


class StillRefused(JournalError):
    """The journal would refuse a released event again: mend the cause, then release the key."""


class Broken(JournalError):
    """The journal contradicts itself: stop and look."""
