"""Whether a stream may go on: its reader's credential, and its hold on a subscription."""

from __future__ import annotations

import contextlib

from django.db import DatabaseError

from access.principals import Principal, Unauthorised, still_valid
from protocol.problems import Refused
from streaming.allowed import allow
from streaming.granted import Following
from streaming.pace import Pace
from streaming.ring import in_reader_thread
from streaming.subscriptions import Replaced, keep

__all__ = ["Standing"]


class Standing:
    """Looked at every few seconds; an ack is stored within one."""

    def __init__(self, following: Following, pace: Pace) -> None:
        self._following = following
        self._pace = pace
        self._principal = following.principal
        self._ends_at = following.principal.expires_at

    @property
    def unsaved(self) -> bool:
        """An ack waits to be stored."""
        return self._following.hold is not None and self._following.hold.unsaved

    def ack(self, number: int, *, sent: int) -> None:
        """Hear that everything up to a number was stored by the reader.

        Raises:
            Refused: `invalid`: so much was never sent.
        """
        if number > sent:
            raise Refused("invalid", f"an ack names a record that was sent, up to {sent}", field="number")
        if (hold := self._following.hold) is not None:
            hold.acked = max(hold.acked, number)

    def renew(self, principal: Principal) -> None:
        """Go on with another credential, of the same client and for all that is read here.

        Raises:
            Refused: `unauthorised` or `forbidden_scope`: it is somebody else's, or for less.
        """
        mine, part = self._following, self._following.part
        if (principal.client, principal.live) != (mine.principal.client, mine.principal.live):
            raise Unauthorised
        allow(principal, part, personal=mine.personal)
        self._principal, self._ends_at = principal, principal.expires_at

    async def check(self) -> str | None:
        """Tell why the stream must end, a key of `CLOSE_CODES`; None: it may go on."""
        return await in_reader_thread(self._check)

    async def leave(self) -> None:
        """Store the last acks; without a database they are lost, and their records come again."""
        if self.unsaved:
            with contextlib.suppress(DatabaseError):
                await in_reader_thread(self._replaced)

    def _check(self) -> str | None:
        return self._ended() or self._replaced()

    def _ended(self) -> str | None:
        """Tell whether who asks may still, and how not; when that ends may have come nearer since."""
        now = self._pace.clock()
        try:
            self._ends_at = still_valid(self._principal, now=now)
        except Unauthorised:
            return "expired" if self._ends_at is not None and now >= self._ends_at else "revoked"
        return None

    def _replaced(self) -> str | None:
        try:
            if self._following.hold is not None:
                keep(self._following.hold)
        except Replaced:
            return "replaced"
        return None
