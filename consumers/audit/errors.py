"""What can go wrong with the log, named by what the reader of the message has to do.

::

    SubscriberError
    ├── Hole        start a build that follows every stream: until then the log waits
    ├── WrongKey    mend the signing key's file or variable
    ├── WrongFile   give a file of the form that is asked for
    └── Fault       find out who did it: what the log says is not what was logged, or not all of it
"""

from __future__ import annotations

from subscriber import SubscriberError

__all__ = ["Fault", "Hole", "WrongFile", "WrongKey"]


class Hole(SubscriberError):
    """The journal has an event that this build was not given: nothing after it is logged before it."""


class WrongKey(SubscriberError):
    """The signing key cannot be used."""


class WrongFile(SubscriberError):
    """A file cannot be read as what it was given for."""


class Fault(SubscriberError):
    """The log was edited, shortened, added to or put in another order; `entry` is the first that shows it."""

    def __init__(self, entry: int, what: str) -> None:
        super().__init__(f"entry {entry}: {what}")
        self.entry = entry
