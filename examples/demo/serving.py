"""The product in a folder of its own, started and ended by the demonstration."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from config.supervisor import die_with_parent

__all__ = ["NotReady", "Reviewer", "Served", "serve"]

ROOT = Path(__file__).resolve().parent.parent.parent
_READY_WITHIN_S = 120


class NotReady(RuntimeError):
    """The product did not come up; the message says where its log is."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A sign-in for the back office."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Served:
    """A running product: its address, its folder, and the process that supervises it."""

    url: str
    data: Path
    log: Path
    supervisor: subprocess.Popen[bytes]

    def add_client(self, name: str) -> str:
        """Add a client and give its key."""
        return self.manage("client", "add", name).splitlines()[-1]

    def add_reviewer(self) -> Reviewer:
        """Add somebody who may look at cases in the admin."""
        reviewer = Reviewer("reviewer", secrets.token_urlsafe(9))
        self.manage(
            "createsuperuser",
            "--noinput",
            "--username",
            reviewer.name,
            "--email",
            "",
            password=reviewer.password,
        )
        return reviewer

    def is_ready(self) -> bool:
        """Ask whether cases can be taken."""
        try:
            # Asked ten times a second: a client that loads certificates each time would eat a core.
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False

    def wait_until_ready(self, within_s: float = _READY_WITHIN_S) -> None:
        """Wait for the product to be ready.

        Raises:
            NotReady: it ended, or took too long.
        """
        until_s = time.monotonic() + within_s
        while not self.is_ready():
            if self.supervisor.poll() is not None or time.monotonic() > until_s:
                raise NotReady(
                    f"the product is not ready; its log: {self.log}\n{self.log.read_text()[-2000:]}"
                )
            time.sleep(0.1)

    def manage(self, *words: str, password: str = "") -> str:
        """Run one of the product's commands; gives what it says."""
        environment = os.environ | {"VOUCH_DATA": str(self.data), "DJANGO_SUPERUSER_PASSWORD": password}
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()


@contextmanager
def serve(data: Path, port: int) -> Iterator[Served]:
    """Run the product with its state in `data` for as long as the context lasts."""
    log = data / "vouch.log"
    environment = os.environ | {"VOUCH_DATA": str(data), "PORT": str(port)}
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no thread runs yet
        )
    try:
        served = Served(f"http://127.0.0.1:{port}", data, log, supervisor)
        served.wait_until_ready()
        yield served
    finally:
        supervisor.send_signal(signal.SIGTERM)
        try:
            supervisor.wait(timeout=15)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()
