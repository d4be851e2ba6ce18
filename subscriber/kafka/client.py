"""How every client of ours reaches Kafka: addresses and security, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["KafkaSettings", "client_config", "kafka_settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """Where the cluster is and how one comes in.

    `bootstrap` lists brokers as `host:port`, separated by commas. `ca` is the PEM file of the authority that
    signed the brokers' certificates: given, the connection is encrypted and they are checked. `certificate`
    and `key` are the client's own PEM files, `user` and `password` its SCRAM-SHA-256 name.
    """

    bootstrap: str
    ca: str = ""
    certificate: str = ""
    key: str = ""
    user: str = ""
    password: str = field(default="", repr=False)


def kafka_settings(environment: Mapping[str, str]) -> KafkaSettings | None:
    """Read the settings from VOUCH_KAFKA and its companions; None without a cluster.

    Args:
        environment: the process's variables.
    """
    bootstrap = environment.get("VOUCH_KAFKA", "")
    if not bootstrap:
        return None
    return KafkaSettings(
        bootstrap=bootstrap,
        ca=environment.get("VOUCH_KAFKA_CA", ""),
        certificate=environment.get("VOUCH_KAFKA_CERTIFICATE", ""),
        key=environment.get("VOUCH_KAFKA_KEY", ""),
        user=environment.get("VOUCH_KAFKA_USER", ""),
        password=environment.get("VOUCH_KAFKA_PASSWORD", ""),
    )


def client_config(settings: KafkaSettings) -> dict[str, str | int | float | bool]:
    """Give the part of a client's configuration that is the same for producers, consumers and admins.

    Without `ca` or `certificate` the connection is in clear: for a cluster on this machine only. The
    password itself is sent in neither case (SCRAM).
    """
    config: dict[str, str | int | float | bool] = {"bootstrap.servers": settings.bootstrap}
    encrypted = bool(settings.ca or settings.certificate)
    config["security.protocol"] = ("SASL_" if settings.user else "") + ("SSL" if encrypted else "PLAINTEXT")
    if settings.ca:
        config["ssl.ca.location"] = settings.ca
    if settings.certificate:
        config["ssl.certificate.location"] = settings.certificate
        config["ssl.key.location"] = settings.key
    if settings.user:
        config["sasl.mechanism"] = "SCRAM-SHA-256"
        config["sasl.username"] = settings.user
        config["sasl.password"] = settings.password
    return config
