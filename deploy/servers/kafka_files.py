"""What a Kafka broker reads when it starts: its properties, its logging, its certificates."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["ClusterOptions", "make_certificates", "write_logging", "write_properties"]

# Three ports a broker: for clients, for the quorum's controller, and for the other brokers.
PORTS_PER_NODE: Final = 3
_LOGGING: Final = """<?xml version="1.0"?>
<Configuration status="ERROR">
  <Appenders><Console name="C"><PatternLayout pattern="%d %p %c{1} %m%n"/></Console></Appenders>
  <Loggers>
    <Root level="WARN"><AppenderRef ref="C"/></Root>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
    <Logger name="org.apache.kafka.common.utils.AppInfoParser" level="ERROR"/>
  </Loggers>
</Configuration>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOptions:
    """What kind of cluster.

    `tls` encrypts the clients' listener; with a `user` they come with SCRAM-SHA-256, without one and with
    `tls` by a certificate of the cluster's authority. `fsync` flushes each message to disk (facts: 6.8 times
    slower). `heap_mb` is each broker's.
    """

    brokers: int = 1
    tls: bool = False
    user: str = ""
    password: str = ""
    fsync: bool = False
    heap_mb: int = 256

    @property
    def protocol(self) -> str:
        """How Kafka calls the clients' listener's security."""
        return ("SASL_" if self.user else "") + ("SSL" if self.tls else "PLAINTEXT")


def write_logging(folder: Path) -> Path:
    """Write the brokers' logging: warnings, and the line that says a broker has started."""
    path = folder / "log4j2.xml"
    path.write_text(_LOGGING)
    return path


def write_properties(folder: Path, options: ClusterOptions, *, node: int, ports: list[int]) -> Path:
    """Write the properties of one broker.

    Args:
        folder: the cluster's.
        options: the cluster's.
        node: from 1.
        ports: `PORTS_PER_NODE` for each broker, in the brokers' order.
    """
    own = folder / f"node{node}"
    own.mkdir(parents=True, exist_ok=True)
    client, controller, inter = ports[PORTS_PER_NODE * (node - 1) :][:PORTS_PER_NODE]
    voters = enumerate(ports[1::PORTS_PER_NODE], start=1)
    values: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": node,
        # Names of our own: only the clients' listener is secured, which keeps the quorum simple.
        "listeners": f"CLIENT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller},"
        f"INTER://127.0.0.1:{inter}",
        "advertised.listeners": f"CLIENT://127.0.0.1:{client},INTER://127.0.0.1:{inter}",
        "listener.security.protocol.map": f"CLIENT:{options.protocol},CONTROLLER:PLAINTEXT,INTER:PLAINTEXT",
        "inter.broker.listener.name": "INTER",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": ",".join(f"{number}@127.0.0.1:{port}" for number, port in voters),
        "log.dirs": own / "data",
        "auto.create.topics.enable": "false",
    }
    values |= _replication(options.brokers) | _small() | _security(folder, options)
    if options.fsync:
        values["log.flush.interval.messages"] = 1
    path = own / "server.properties"
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    return path


def _replication(brokers: int) -> dict[str, object]:
    """Kafka's own topics ask for three copies, which one broker cannot give; one of three may be away."""
    copies, needed = min(brokers, 3), 2 if brokers >= 3 else 1
    values: dict[str, object] = {"default.replication.factor": copies, "min.insync.replicas": needed}
    values["offsets.topic.replication.factor"] = copies
    for topic in ("transaction.state.log", "share.coordinator.state.topic"):
        values[f"{topic}.replication.factor"] = copies
        values[f"{topic}.min.isr"] = needed
        values[f"{topic}.num.partitions"] = 4
    values["offsets.topic.num.partitions"] = 4
    return values


def _small() -> dict[str, object]:
    """Fit a broker into 256 MB, and let groups and dead brokers be noticed in seconds."""
    return {
        # 128 MB of heap by default.
        "log.cleaner.dedupe.buffer.size": 16 << 20,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "broker.session.timeout.ms": 6000,
        "broker.heartbeat.interval.ms": 1000,
        "message.max.bytes": 2 << 20,
    }


def _security(folder: Path, options: ClusterOptions) -> dict[str, object]:
    listener, values = "listener.name.client.", dict[str, object]()
    if options.tls:
        certificates = make_certificates(folder)
        values |= {
            f"{listener}ssl.keystore.type": "PEM",
            f"{listener}ssl.keystore.location": certificates / "broker-store.pem",
            f"{listener}ssl.truststore.type": "PEM",
            f"{listener}ssl.truststore.location": certificates / "ca.pem",
            f"{listener}ssl.client.auth": "none" if options.user else "required",
            f"{listener}ssl.enabled.protocols": "TLSv1.3,TLSv1.2",
        }
    if options.user:
        module = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        values[f"{listener}sasl.enabled.mechanisms"] = "SCRAM-SHA-256"
        values[f"{listener}scram-sha-256.sasl.jaas.config"] = module
    return values


def make_certificates(folder: Path) -> Path:
    """Make an authority and the broker's and a client's certificates, once; gives the folder they lie in."""
    made = folder / "certificates"
    if (made / "broker-store.pem").exists():
        return made
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    authority = ("-days", "30", "-subj", "/CN=vouch servers", "-keyout", "ca.key", "-out", "ca.pem")
    _openssl(made, "req", "-x509", *curve, *authority)
    (made / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("broker", "client"):
        asked = ("-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        _openssl(made, "req", *curve, *asked)
        by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "names")
        _openssl(made, "x509", "-req", "-in", f"{name}.csr", *by, "-out", f"{name}.pem")
    (made / "broker-store.pem").write_text(
        (made / "broker.key").read_text() + (made / "broker.pem").read_text()
    )
    return made


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
