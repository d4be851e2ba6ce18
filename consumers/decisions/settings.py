"""The service's settings: where its file lies, where Kafka is, and where the running product has its door."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from subscriber.kafka import KafkaSettings, kafka_settings

__all__ = ["Door", "Settings", "WrongRunFile", "read_door", "settings_from"]


class WrongRunFile(ValueError):
    """The product's run file does not say what this service needs: start the product of this version."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`data` is the folder of all state ($VOUCH_DATA).

    `database_url` is the service's own PostgreSQL database ($VOUCH_DECISIONS_DATABASE_URL); empty: a file.
    `kafka` is $VOUCH_KAFKA with its companions; None: there is only the journal door.
    """

    data: Path
    database_url: str = field(default="", repr=False)
    kafka: KafkaSettings | None = None

    @property
    def run_file(self) -> Path:
        """Where the running product says its internal addresses and the services' keys."""
        return self.data / "run.json"

    @property
    def database(self) -> str:
        """Where the service's own rows are: its database's address, or its SQLite file."""
        return self.database_url or str(self.data / "decisions.sqlite3")


@dataclass(frozen=True, slots=True)
class Door:
    """The journal door's address, and this service's key to it."""

    url: str
    key: str = field(repr=False)


def settings_from(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from an environment; the data folder is made when it is not there."""
    data = Path(environment.get("VOUCH_DATA", "var")).absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database_url = environment.get("VOUCH_DECISIONS_DATABASE_URL", "")
    return Settings(data, database_url, kafka_settings(environment))


def read_door(run_file: Path, *, service: str) -> Door | None:
    """Read where the door is; None: the product has not started yet.

    Raises:
        WrongRunFile: the file is there, and does not say it.
    """
    if not run_file.exists():
        return None
    try:
        said = json.loads(run_file.read_text(encoding="utf-8"))
        return Door(str(said["door"]), str(said["keys"][service]))
    except (ValueError, KeyError, TypeError) as error:
        raise WrongRunFile(
            f"{run_file} names no door and key for {service}: start the product again"
        ) from error
