"""Every setting, typed, read once from the environment, and refused with its name when it is wrong."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from subscriber.kafka import KafkaSettings, kafka_settings

__all__ = ["Environment", "WrongSetting", "environment"]

ROOT = Path(__file__).resolve().parent.parent
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class WrongSetting(ValueError):
    """A variable of the environment cannot be used; the message names it and says what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What an operator may set.

    `data` is the folder of all state ($VOUCH_DATA), `port` the public port on 127.0.0.1 ($PORT),
    `register_url` the licence register ($VOUCH_REGISTER_URL; empty: the example is started),
    `door_port` is the journal door's port ($VOUCH_DOOR_PORT; the supervisor chooses it),
    `database_url` is the main database on PostgreSQL ($VOUCH_DATABASE_URL,
    postgresql://user:password@host:port/name; empty: SQLite files in the data folder),
    `kafka` is $VOUCH_KAFKA with its companions (None without it: the embedded profile), `redis_url` is the
    doorbell between processes ($VOUCH_REDIS_URL; empty: they look by themselves), `tls_certificate` and
    `tls_key` are the public port's PEM files ($VOUCH_TLS_CERTIFICATE, $VOUCH_TLS_KEY; empty: plain HTTP),
    `feed_streams` is how many streams one client may have open in a web process ($VOUCH_FEED_STREAMS),
    `feed_origins` are web origins besides ours whose pages may follow ($VOUCH_FEED_ORIGINS, with commas),
    `hosts` are names by which callers reach us, besides this machine's own: those of a proxy in front of us
    ($VOUCH_HOSTS, with commas),
    `secret` signs sessions (made at first start), `workers` is the number of vision processes, `feed_days` is
    for how many days each feed's records are kept, live and test alike ($VOUCH_FEED_DAYS; clients were
    promised at least 90), `services` are those that run beside the product ($VOUCH_SERVICES, with commas;
    None, when it is not set: all that are there), `inside` those of them that run in the pipeline's process
    instead of one of their own ($VOUCH_INSIDE, with commas).
    """

    data: Path
    port: int
    door_port: int
    register_url: str
    database_url: str
    kafka: KafkaSettings | None
    redis_url: str
    tls_certificate: str
    tls_key: str
    feed_streams: int
    feed_origins: frozenset[str]
    hosts: frozenset[str]
    secret: str
    workers: int
    feed_days: int
    services: frozenset[str] | None
    inside: frozenset[str]
    debug: bool

    @property
    def run_file(self) -> Path:
        """Where the running product writes its internal addresses and the services' keys."""
        return self.data / "run.json"

    @property
    def url(self) -> str:
        """Where the public application is on this machine."""
        return f"{'https' if self.tls_certificate else 'http'}://127.0.0.1:{self.port}"


@cache
def environment() -> Environment:
    """Read the settings; the first call also makes the data folder and its secret.

    Raises:
        WrongSetting: a variable cannot be used.
    """
    data = Path(os.environ.get("VOUCH_DATA", ROOT / "var")).absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key = _files_together("VOUCH_TLS_CERTIFICATE", "VOUCH_TLS_KEY")
    return Environment(
        data=data,
        port=_number("PORT", 8000, low=1, high=65535),
        door_port=_number("VOUCH_DOOR_PORT", 8001, low=1, high=65535),
        register_url=os.environ.get("VOUCH_REGISTER_URL", ""),
        database_url=_database_url("VOUCH_DATABASE_URL"),
        kafka=_kafka(),
        redis_url=_address("VOUCH_REDIS_URL", "redis", "rediss", "unix"),
        tls_certificate=certificate,
        tls_key=key,
        feed_streams=_number("VOUCH_FEED_STREAMS", 250, low=1, high=100_000),
        feed_origins=_origins("VOUCH_FEED_ORIGINS"),
        hosts=_hosts("VOUCH_HOSTS"),
        secret=_secret(data / "secret"),
        workers=_number("VOUCH_WORKERS", 2, low=1, high=64),
        feed_days=_number("VOUCH_FEED_DAYS", 90, low=90, high=36_500),
        services=_listed("VOUCH_SERVICES") if "VOUCH_SERVICES" in os.environ else None,
        inside=_listed("VOUCH_INSIDE"),
        debug=os.environ.get("VOUCH_DEBUG", "") == "1",
    )


def _number(name: str, default: int, *, low: int, high: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdigit() or not low <= int(text) <= high:
        raise WrongSetting(f"{name} is {text!r}; it must be a whole number from {low} to {high}")
    return int(text)


def _address(name: str, *schemes: str) -> str:
    text = os.environ.get(name, "")
    if text and text.partition("://")[0] not in schemes:
        raise WrongSetting(f"{name} cannot be used; it must begin with {' or '.join(schemes)}://")
    return text


def _listed(name: str) -> frozenset[str]:
    """Read what is written with commas."""
    return frozenset(text.strip() for text in os.environ.get(name, "").split(",") if text.strip())


def _origins(name: str) -> frozenset[str]:
    """Read web origins: scheme, host and port, nothing behind them."""
    origins = _listed(name)
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"https", "http"} or origin != f"{parts.scheme}://{parts.netloc}".lower():
            raise WrongSetting(f"{name} has {origin!r}; an origin is written https://app.example")
    return origins


def _hosts(name: str) -> frozenset[str]:
    """Read host names, without scheme and port."""
    hosts = frozenset(text.lower() for text in _listed(name))
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise WrongSetting(f"{name} has {host!r}; a host is written verify.example.com")
    return hosts


def _files_together(*names: str) -> tuple[str, ...]:
    """Read paths of files that are of use together only."""
    paths = tuple(os.environ.get(name, "") for name in names)
    for name, path in zip(names, paths, strict=True):
        if any(paths) and not Path(path).is_file():
            raise WrongSetting(f"{name} is {path!r}; {' and '.join(names)} must both name a PEM file")
    return paths


def _database_url(name: str) -> str:
    url = os.environ.get(name, "")
    parts = urlsplit(url)
    if url and (parts.scheme != "postgresql" or not parts.hostname or not parts.path.strip("/")):
        raise WrongSetting(f"{name} cannot be used; write postgresql://user:password@host:port/name")
    return url


def _kafka() -> KafkaSettings | None:
    for name in ("VOUCH_KAFKA_CA", "VOUCH_KAFKA_CERTIFICATE", "VOUCH_KAFKA_KEY"):
        path = os.environ.get(name, "")
        if path and not Path(path).is_file():
            raise WrongSetting(f"{name} is {path!r}; it must be a PEM file that can be read")
    for name, other in (
        ("VOUCH_KAFKA_CERTIFICATE", "VOUCH_KAFKA_KEY"),
        ("VOUCH_KAFKA_USER", "VOUCH_KAFKA_PASSWORD"),
    ):
        if bool(os.environ.get(name)) != bool(os.environ.get(other)):
            raise WrongSetting(f"{name} and {other} go together; one of them is not set")
    return kafka_settings(os.environ)


def _secret(path: Path) -> str:
    """Read the secret, or make it: of two that make it at once both read the first one's, whole."""
    if not path.exists():
        new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(new)
        new.unlink()
    return path.read_text()
