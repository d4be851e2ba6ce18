"""A use case done once more when the database took its transaction back for somebody else's sake."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import psycopg
from django.db import OperationalError, transaction

from events.database import DATABASE

__all__ = ["retried"]

P = ParamSpec("P")
R = TypeVar("R")

# Refused to keep a serial order, and deadlock: nothing was written, and whoever stood in the way has gone on.
_TAKEN_BACK: Final = frozenset({"40001", "40P01"})


def retried(use_case: Callable[P, R]) -> Callable[P, R]:
    """Do a use case once more when the database refused its one transaction; the second refusal is raised.

    Only for functions that leave nothing behind when their transaction is taken back. Inside somebody else's
    transaction nothing is repeated: what is taken back is theirs.

    Raises:
        OperationalError: refused twice, or for another reason: answer that the caller should come again.
    """

    @wraps(use_case)
    def once_more(*args: P.args, **kwargs: P.kwargs) -> R:
        inside = transaction.get_connection(DATABASE).in_atomic_block
        try:
            return use_case(*args, **kwargs)
        except OperationalError as error:
            if inside or not _taken_back(error):
                raise
        return use_case(*args, **kwargs)

    return once_more


def _taken_back(error: OperationalError) -> bool:
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and cause.sqlstate in _TAKEN_BACK
