"""Every setting, typed, read once from the environment, and refused with its name when it is wrong."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Environment", "WrongSetting", "environment"]

ROOT = Path(__file__).resolve().parent.parent


class WrongSetting(ValueError):
    """A variable of the environment cannot be used; the message names it and says what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What an operator may set.

    `data` is the folder of all state ($VOUCH_DATA), `port` the public port on 127.0.0.1 ($PORT),
    `register_url` the licence register ($VOUCH_REGISTER_URL; empty: the example is started),
    `door_port` is the journal door's port ($VOUCH_DOOR_PORT; the supervisor chooses it),
    `secret` signs sessions (made at first start), `workers` is the number of vision processes.
    """

    data: Path
    port: int
    door_port: int
    register_url: str
    secret: str
    workers: int
    debug: bool

    @property
    def run_file(self) -> Path:
        """Where the running product writes its internal addresses and the services' keys."""
        return self.data / "run.json"


@cache
def environment() -> Environment:
    """Read the settings; the first call also makes the data folder and its secret.

    Raises:
        WrongSetting: a variable cannot be used.
    """
    data = Path(os.environ.get("VOUCH_DATA", ROOT / "var")).absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Environment(
        data=data,
        port=_number("PORT", 8000, low=1, high=65535),
        door_port=_number("VOUCH_DOOR_PORT", 8001, low=1, high=65535),
        register_url=os.environ.get("VOUCH_REGISTER_URL", ""),
        secret=_secret(data / "secret"),
        workers=_number("VOUCH_WORKERS", 2, low=1, high=64),
        debug=os.environ.get("VOUCH_DEBUG", "") == "1",
    )


def _number(name: str, default: int, *, low: int, high: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdigit() or not low <= int(text) <= high:
        raise WrongSetting(f"{name} is {text!r}; it must be a whole number from {low} to {high}")
    return int(text)


def _secret(path: Path) -> str:
    """Read the secret, or make it: whoever comes second in a race reads what the first one wrote."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()
