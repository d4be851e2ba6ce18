"""A service's settings: where its rows lie, where Kafka is, and where the running product has its door."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from subscriber.errors import NotNow, SubscriberError
from subscriber.kafka import KafkaSettings, kafka_settings

__all__ = ["Door", "ProductAway", "ServiceSettings", "WrongRunFile", "settings_of"]


class WrongRunFile(SubscriberError):
    """The product's run file does not say what this service needs: start the product of this version."""


class ProductAway(NotNow):
    """The journal is needed, and the product is not running: start it."""


@dataclass(frozen=True, slots=True)
class Door:
    """The journal door's address, and this service's key to it."""

    url: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What every service is told. `data` is the folder of all state ($VOUCH_DATA).

    `database_url` is the service's own PostgreSQL database ($VOUCH_NAME_DATABASE_URL); empty: a file.
    `kafka` is $VOUCH_KAFKA with its companions; None: there is only the journal door.
    """

    name: str
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
        return self.database_url or str(self.data / f"{self.name}.sqlite3")

    @property
    def folder(self) -> Path:
        """The service's own files, beside its rows; it is made by whoever first writes into it."""
        return self.data / self.name

    def door(self) -> Door:
        """Read where the product's door is now.

        Raises:
            ProductAway: the product has not started yet.
            WrongRunFile: the file is there, and does not say it.
        """
        if not self.run_file.exists():
            raise ProductAway(f"the product is not running; {self.run_file} is not there")
        try:
            said = json.loads(self.run_file.read_text(encoding="utf-8"))
            return Door(str(said["door"]), str(said["keys"][self.name]))
        except (ValueError, KeyError, TypeError) as error:
            raise WrongRunFile(
                f"{self.run_file} names no door and key for {self.name}: start the product again"
            ) from error


def settings_of(name: str, environment: Mapping[str, str] = os.environ) -> ServiceSettings:
    """Read a service's settings from an environment; the data folder is made when it is not there."""
    data = Path(environment.get("VOUCH_DATA", "var")).absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database_url = environment.get(f"VOUCH_{name.upper()}_DATABASE_URL", "")
    return ServiceSettings(name, data, database_url, kafka_settings(environment))
