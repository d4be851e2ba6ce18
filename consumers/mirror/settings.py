"""The mirror's settings: which feed it follows, which topic it fills, and where it keeps its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from subscriber.kafka import KafkaSettings, kafka_settings

__all__ = ["Settings", "WrongSetting", "settings_from"]

_KAFKA: Final = "VOUCH_MIRROR_KAFKA"


class WrongSetting(ValueError):
    """A variable of the environment is missing: set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`url` is the feed's server, `key` a key with the scope feed:read, `ca` the file of a private authority.

    `kafka` is the cluster that is filled, which is not the product's own. `database` is the address of a
    PostgreSQL database, or the path of a SQLite file.
    """

    url: str
    key: str = field(repr=False)
    kafka: KafkaSettings
    topic: str
    database: str = field(repr=False)
    ca: Path | None = None


def settings_from(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from an environment; without a database of its own, a file in $VOUCH_DATA is made.

    Raises:
        WrongSetting: a variable is missing.
    """
    # As VOUCH_KAFKA with its companions names the product's own cluster, so do these the other one.
    renamed = {
        name.replace(_KAFKA, "VOUCH_KAFKA"): value for name, value in environment.items() if _KAFKA in name
    }
    kafka = kafka_settings(renamed)
    if kafka is None:
        raise WrongSetting(f"{_KAFKA} is missing: the brokers to publish to, as host:port")
    ca = environment.get("VOUCH_MIRROR_CA", "")
    return Settings(
        url=_given(environment, "VOUCH_MIRROR_URL", "the address of the feed's server"),
        key=_given(environment, "VOUCH_MIRROR_KEY", "a client's key with the scope feed:read"),
        kafka=kafka,
        topic=_given(environment, "VOUCH_MIRROR_TOPIC", "the topic to publish to"),
        database=environment.get("VOUCH_MIRROR_DATABASE_URL", "") or _file(environment),
        ca=Path(ca) if ca else None,
    )


def _given(environment: Mapping[str, str], name: str, what: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise WrongSetting(f"{name} is missing: {what}")
    return value


def _file(environment: Mapping[str, str]) -> str:
    data = Path(environment.get("VOUCH_DATA", "var")).absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return str(data / "mirror.sqlite3")
