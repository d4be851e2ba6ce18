"""The service's own setting: from which moment on it says what it finds. The only place that reads it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from subscriber import SubscriberError
from subscriber.beginning import first_start

__all__ = ["WrongSince", "since"]

_SINCE: Final = "VOUCH_FRAUD_SINCE"


class WrongSince(SubscriberError):
    """VOUCH_FRAUD_SINCE is no moment: write it as 2026-07-01T00:00:00+00:00."""


def since(folder: Path, environment: Mapping[str, str] = os.environ) -> datetime:
    """Give the moment from which on what is found is said: the service's first start, unless it is set.

    Raises:
        WrongSince, DamagedBeginning: there is none to be read.
    """
    said = environment.get(_SINCE, "")
    if not said:
        return first_start(folder, datetime.now(UTC))
    try:
        moment = datetime.fromisoformat(said)
    except ValueError as error:
        raise WrongSince(f"{_SINCE} must be a moment as 2026-07-01T00:00:00+00:00, not {said!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
