"""Where a full profile lives: its folder, its secrets, and the settings that its processes are given."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from config.services import beside
from config.supervisor import write_privately
from deploy.certificates import Certificates, certificates_in
from deploy.servers.kafka import ClusterOptions, KafkaServer
from deploy.servers.postgres import PostgresServer
from deploy.servers.redis import RedisServer

__all__ = ["DATABASES", "KAFKA_USER", "SERVICES", "Place", "open_place"]

KAFKA_USER: Final = "vouch"
SERVICES: Final = tuple(one.name for one in beside())
# Role → the databases it owns, and the only ones it may enter; the first is the one that an address names.
DATABASES: Final = {
    "vouch": ("vouch", "vouch_keys", "vouch_feed", "vouch_statistics"),
    **{name: (name,) for name in SERVICES},
}
_SECRETS: Final = ("postgres", "kafka", "redis", *DATABASES)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with everything of one full profile in it, and the public port."""

    folder: Path
    port: int
    certificates: Certificates
    passwords: dict[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        """The public application's address."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the product's processes say."""
        return self.folder / "vouch.log"

    def postgres(self) -> PostgresServer:
        """The database server, running or not."""
        return PostgresServer(self.folder / "postgres", password=self.passwords["postgres"], outlives=True)

    def redis(self) -> RedisServer:
        """The doorbell, running or not."""
        return RedisServer(self.folder / "redis", password=self.passwords["redis"], outlives=True)

    def kafka(self) -> KafkaServer:
        """The broker, running or not."""
        options = ClusterOptions(tls=True, user=KAFKA_USER, password=self.passwords["kafka"])
        return KafkaServer(self.folder / "kafka", options, outlives=True)

    def database_url(self, role: str) -> str:
        """Give the address by which a role reaches its first database."""
        server = urlsplit(self.postgres().url())
        return (
            f"postgresql://{role}:{self.passwords[role]}@{server.hostname}:{server.port}/{DATABASES[role][0]}"
        )

    def environment(self) -> dict[str, str]:
        """Give the settings of the product's processes, added to the caller's own variables."""
        return {
            **os.environ,
            **self.kafka().environment(),
            "VOUCH_DATA": str(self.folder),
            "PORT": str(self.port),
            "VOUCH_DATABASE_URL": self.database_url("vouch"),
            **{f"VOUCH_{name.upper()}_DATABASE_URL": self.database_url(name) for name in SERVICES},
            "VOUCH_REDIS_URL": self.redis().url,
            "VOUCH_TLS_CERTIFICATE": str(self.certificates.certificate),
            "VOUCH_TLS_KEY": str(self.certificates.key),
        }


def open_place(folder: Path, port: int) -> Place:
    """Open a folder, made with its secrets and certificates when it is new.

    Others may pass through the folder, as PostgreSQL's account must, and see nothing in it.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    certificates = certificates_in(folder, now=datetime.now(UTC))
    return Place(folder, port, certificates, _passwords(folder / "passwords.json"))


def _passwords(path: Path) -> dict[str, str]:
    """Read the passwords, or make them: letters and digits, which need no quoting anywhere.

    A service that is new to an old place gets one too.
    """
    found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if missing := set(_SECRETS) - found.keys():
        found |= {name: secrets.token_hex(24) for name in sorted(missing)}
        write_privately(path, json.dumps(found))
    return found
