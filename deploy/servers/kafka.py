"""A real Apache Kafka on this machine, one broker or three, from its published jars.

with KafkaServer(folder) as kafka:
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
"""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final, Self

from config.ports import free_ports
from deploy.servers.daemon import Daemon, NotStarted
from deploy.servers.kafka_files import PORTS_PER_NODE, ClusterOptions, write_logging, write_properties
from deploy.servers.kafka_jars import class_path, java, missing_packages, shared_classes

__all__ = ["ONE_BROKER", "ClusterOptions", "KafkaServer", "NotStarted", "missing_packages"]

ONE_BROKER: Final = ClusterOptions()
_READY: Final = b"Kafka Server started"
_START_S: Final = 90
_STOP_S: Final = 20


class KafkaServer:
    """A cluster in a folder of its own; another process may stop it by the same folder.

    Brokers end with the thread that started them, unless `outlives` says that they stay.
    """

    def __init__(self, folder: Path, options: ClusterOptions = ONE_BROKER, *, outlives: bool = False) -> None:
        self.folder = folder.resolve()
        self.options = options
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._brokers = {
            node: Daemon(own := self._own(node), [str(own)], outlives=outlives, orphaned=signal.SIGKILL)
            for node in self.nodes
        }
        self._cluster_id, self._ports = self._place()

    @property
    def bootstrap(self) -> str:
        """Give the brokers' addresses, as clients want them."""
        return ",".join(f"127.0.0.1:{port}" for port in self._ports[::PORTS_PER_NODE])

    @property
    def nodes(self) -> range:
        """List the brokers' numbers."""
        return range(1, self.options.brokers + 1)

    @property
    def alive(self) -> bool:
        """Whether every broker runs, whoever started it."""
        return all(broker.alive for broker in self._brokers.values())

    def environment(self) -> dict[str, str]:
        """Give the product's settings that reach this cluster."""
        found = {"VOUCH_KAFKA": self.bootstrap}
        certificates = self.folder / "certificates"
        if self.options.tls:
            found["VOUCH_KAFKA_CA"] = str(certificates / "ca.pem")
        if self.options.tls and not self.options.user:
            found["VOUCH_KAFKA_CERTIFICATE"] = str(certificates / "client.pem")
            found["VOUCH_KAFKA_KEY"] = str(certificates / "client.key")
        if self.options.user:
            found["VOUCH_KAFKA_USER"] = self.options.user
            found["VOUCH_KAFKA_PASSWORD"] = self.options.password
        return found

    def start(self) -> None:
        """Start every broker and wait until each is ready; the first start also lays out their disks.

        Raises:
            CannotFetch: the programs are missing.
            NotStarted: a broker did not start.
        """
        write_logging(self.folder)
        for node in self.nodes:
            write_properties(self.folder, self.options, node=node, ports=self._ports)
        self._format([node for node in self.nodes if not (self._own(node) / "data").exists()])
        self.revive(*self.nodes)

    def stop(self) -> None:
        """End every broker in order, also those that another process started in this folder."""
        for number in (signal.SIGCONT, signal.SIGTERM):
            for broker in self._brokers.values():
                broker.signal(number)
        end_s = time.monotonic() + _STOP_S
        for broker in self._brokers.values():
            broker.stop(signal.SIGTERM, max(0.0, end_s - time.monotonic()))
        if self._learned.exists():
            shutil.move(self._learned, shared_classes())

    def kill(self, node: int) -> None:
        """Take a broker away at once (SIGKILL); its disk stays."""
        self._brokers[node].kill()

    def revive(self, *nodes: int) -> None:
        """Start killed brokers again on their disks, and wait until each is ready."""
        # Together: one alone may wait for a quorum that only the others complete.
        for node in nodes:
            self._spawn(node)
        for node in nodes:
            self._await(node)

    def pause(self, node: int) -> None:
        """Stop a broker in its tracks (SIGSTOP): its connections stay open, and nothing answers."""
        self._brokers[node].signal(signal.SIGSTOP)

    def resume(self, node: int) -> None:
        """Let a paused broker go on."""
        self._brokers[node].signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _place(self) -> tuple[str, list[int]]:
        """Read the cluster's id and ports, or choose them: a folder keeps both for good."""
        path = self.folder / "cluster.json"
        if path.exists():
            kept = json.loads(path.read_text())
            return kept["id"], kept["ports"]
        cluster_id = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=").replace("-", "x")
        ports = free_ports(PORTS_PER_NODE * self.options.brokers)
        path.write_text(json.dumps({"id": cluster_id, "ports": ports}))
        return cluster_id, ports

    def _own(self, node: int) -> Path:
        return self.folder / f"node{node}"

    def _format(self, nodes: list[int]) -> None:
        user, password = self.options.user, self.options.password
        scram = ["--add-scram", f"SCRAM-SHA-256=[name={user},password={password}]"] if user else []
        tool = [java(), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", class_path(), "kafka.tools.StorageTool"]
        layouts = [
            subprocess.Popen(
                [
                    *tool,
                    "format",
                    "-t",
                    self._cluster_id,
                    "-c",
                    self._own(node) / "server.properties",
                    *scram,
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for node in nodes
        ]
        for layout in layouts:
            said, _ = layout.communicate(timeout=_START_S)
            if layout.returncode:
                raise NotStarted(f"Kafka's disk could not be laid out:\n{said}")

    def _spawn(self, node: int) -> None:
        memory = ["-Xms64m", f"-Xmx{self.options.heap_mb}m", "-XX:MaxMetaspaceSize=128m", "-Xss512k"]
        quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *self._sharing(node)]
        logging = f"-Dlog4j2.configurationFile={self.folder}/log4j2.xml"
        command = [java(), *memory, *quick, logging, "-cp", class_path(), "kafka.Kafka"]
        self._brokers[node].start([*command, self._own(node) / "server.properties"], cwd=self.folder)

    def _sharing(self, node: int) -> list[str]:
        kept = shared_classes()
        if kept.exists():
            return ["-Xshare:auto", f"-XX:SharedArchiveFile={kept}"]
        return [f"-XX:ArchiveClassesAtExit={self._learned}"] if node == 1 else []

    @property
    def _learned(self) -> Path:
        return self.folder / "classes.jsa"

    def _await(self, node: int) -> None:
        broker = self._brokers[node]
        broker.wait_for(lambda: _READY in broker.said, _START_S, f"broker {node}")
