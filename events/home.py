"""The way home for a service that runs in a process of ours: by the door's rules, without the door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

from django.db import close_old_connections

from events.door.appending import append, coordinator
from events.door.problems import Problem
from protocol.schemas.journal_v1_pb2 import AppendRequest, Record
from subscriber.errors import NotNow, Refused, SourceAway

__all__ = ["JournalHome"]


class JournalHome:
    """A `subscriber.Home`: appends what a service says, as what the catalogue lets it say."""

    def __init__(self, service: str) -> None:
        self._service = service

    def append(self, records: Sequence[Record]) -> None:
        """Have records written; see `Home`."""
        body = AppendRequest(records=records).SerializeToString()
        self._ask(lambda: append(self._service, body, now=datetime.now(UTC)))

    def require_coordinator(self) -> None:
        """Look whether coordinated events are taken; see `Home`."""
        self._ask(coordinator)

    def close(self) -> None:
        """There is nothing to let go of: each call gives its connection back."""

    def _ask(self, ask: Callable[[], object]) -> None:
        try:
            ask()
        except Problem as problem:
            raise _error(problem) from problem
        finally:
            close_old_connections()


def _error(problem: Problem) -> NotNow | Refused:
    """Say whether to come again."""
    detail = f"the journal answers {problem.status} {problem.code}: {problem.detail}"
    return SourceAway(detail) if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR else Refused(detail)
