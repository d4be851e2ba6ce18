"""The service's own settings: where its signing key comes from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from consumers.audit.keys import SigningKey, kept_key, read_key
from subscriber.serving import ServiceSettings

__all__ = ["heads_file", "signing_key"]


def signing_key(settings: ServiceSettings, environment: Mapping[str, str] = os.environ) -> SigningKey:
    """Give the key that heads are signed with: $VOUCH_AUDIT_KEY, 64 hex digits, or that of a file made once.

    Raises:
        WrongKey: the variable or the file does not hold a key.
    """
    given = environment.get("VOUCH_AUDIT_KEY", "")
    return read_key(given, "VOUCH_AUDIT_KEY") if given else kept_key(settings.folder / "signing.key")


def heads_file(settings: ServiceSettings) -> Path:
    """Say where published heads are appended to."""
    return settings.folder / "heads.jsonl"
