"""Runs the parts: each in a process of its own, on a database and a Kafka that nobody used before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from deploy.servers.kafka import KafkaServer
from deploy.servers.postgres import PostgresServer

__all__ = ["Ground", "peers_python"]

_ROOT = Path(__file__).resolve().parents[2]
_PEERS = _ROOT / ".cache" / "peers"
_LONGEST_S = 900


class Ground:
    """What a part stands on: `sqlite` or `postgresql`, with or without Kafka."""

    def __init__(self, postgres: PostgresServer) -> None:
        self._postgres = postgres
        self._databases = 0

    @contextmanager
    def under(self, database: str, *, kafka: bool = False) -> Iterator[dict[str, str]]:
        """Give the environment of a fresh place; what was written there goes with it."""
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="vouch-bench-"))
            found = {**os.environ, "VOUCH_DATA": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
            found.pop("VOUCH_DATABASE_URL", None)
            if database == "postgresql":
                found["VOUCH_DATABASE_URL"] = self.fresh_database()
            if kafka:
                server = KafkaServer(
                    Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vouch-kafka-")))
                )
                stack.callback(server.stop)
                server.start()
                found |= server.environment()
            yield found

    def fresh_database(self) -> str:
        """Make databases that nobody has used, and give the main one's address."""
        self._databases += 1
        name = f"bench_{self._databases}"
        for suffix in ("_keys", "_feed", "_statistics"):
            self._postgres.create_database(name + suffix)
        return self._postgres.create_database(name)

    def ours(
        self, part: str, environment: Mapping[str, str], *, room: str = "backbone", **asked: int
    ) -> dict[str, Any]:
        """Run one part of ours and give what it found."""
        return _run(Path(sys.executable), f"benchmarks.{room}.{part}", [json.dumps(asked)], environment)

    def theirs(
        self, peer: str, task: str, environment: Mapping[str, str], **asked: int | str
    ) -> dict[str, Any]:
        """Run one task of another package and give what it found."""
        arguments = [task, json.dumps(asked)]
        return _run(peers_python(), f"benchmarks.peers.{peer}", arguments, environment)


def peers_python() -> Path:
    """Give the interpreter of the peers' environment; the first call makes it."""
    python, wanted = _PEERS / "bin" / "python", (_ROOT / "requirements" / "peers.txt").read_text()
    stamp = _PEERS / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("benchmark: making an environment for the other packages", file=sys.stderr, flush=True)
        uv = _ROOT / ".venv" / "bin" / "uv"
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, _PEERS], check=True)
        install = ["pip", "install", "-q", "--python", str(python), "-r", "requirements/peers.txt"]
        subprocess.run([uv, *install], check=True, cwd=_ROOT)
        stamp.write_text(wanted)
    return python


def _run(python: Path, module: str, arguments: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [python, "-m", module, *arguments],
        cwd=_ROOT,
        env={**environment, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} {arguments} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
