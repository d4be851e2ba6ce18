"""The bank, its journal door, the welcome service and the print house, each as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

import httpx

from config.environment import ROOT
from config.ports import free_ports
from examples.legacy.post import Post

__all__ = ["Town", "waited_for"]

_START_S = 60


def waited_for(holds: Callable[[], bool], *, within_s: float = 30) -> bool:
    until_s = time.monotonic() + within_s
    while not holds() and time.monotonic() < until_s:
        time.sleep(0.02)
    return holds()


class Town:
    """Everything in one folder; processes are started by name, killed without warning and started again.

    `source` is the folder that the bank's code is taken from.
    """

    def __init__(
        self,
        folder: Path,
        *,
        source: Path = ROOT,
        letter_takes_s: float = 0,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self._source = folder, source
        self.post = Post(folder / "letters.jsonl", 0, takes_s=letter_takes_s)
        self._port, self._door_port = free_ports(2)
        self._environment = os.environ | {
            "PYTHONPATH": f"{source}{os.pathsep}{ROOT}",
            "BANK_DATA": str(folder),
            "BANK_POST_URL": self.post.url,
            "VOUCH_DATA": str(folder),
            "VOUCH_WELCOME_POST_URL": self.post.url,
            "VOUCH_WELCOME_GRACE_S": "1",
        }
        self._environment |= settings or {}
        self._environment.pop("DJANGO_SETTINGS_MODULE", None)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        Thread(target=self.post.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.manage("migrate", "-v0")
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for name in list(self._running):
            self.stop(name)
        self.post.shutdown()
        self.post.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def books(self) -> Path | str:
        """Where the bank's database is."""
        return self._environment.get("BANK_DATABASE_URL") or self.folder / "bank.sqlite3"

    def _command(self, name: str) -> list[str]:
        match name:
            case "bank":
                app = "examples.legacy.bank.asgi:application"
                words = ["uvicorn", app, f"--port={self._port}", "--log-level=critical", "--lifespan=off"]
            case "door":
                words = ["examples.legacy.manage", "door", "--port", str(self._door_port)]
            case "carry":
                words = ["examples.legacy.manage", "carry"]
            case _:
                words = ["examples.legacy.welcome", "run"]
        return [sys.executable, "-m", *words]

    def start(self, *names: str) -> None:
        """Start processes, and wait until each answers that can be asked."""
        for name in names:
            self._running[name] = subprocess.Popen(
                self._command(name), cwd=self._source, env=self._environment
            )
        if "door" in names:
            assert waited_for(lambda: _answers(f"http://127.0.0.1:{self._door_port}"), within_s=_START_S)
        if "bank" in names:
            assert waited_for(lambda: _answers(self.url), within_s=_START_S)

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)

    def stop(self, name: str) -> None:
        """End a process as an operator would."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise

    def manage(self, *words: str) -> str:
        """Run one of the bank's commands."""
        return self._run("examples.legacy.manage", *words).stdout

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """Begin one of the bank's commands."""
        command = [sys.executable, "-m", "examples.legacy.manage", *words]
        return subprocess.Popen(command, cwd=self._source, env=self._environment, stdout=subprocess.DEVNULL)

    @contextmanager
    def opening(self, reference: str) -> Iterator[None]:
        """Have somebody open an account meanwhile, and give up when the bank is gone."""
        with ThreadPoolExecutor(1) as somebody:
            answer = somebody.submit(self.open, reference)
            yield
            with suppress(httpx.TransportError):
                answer.result()

    def welcome(self, *words: str) -> tuple[int, list[str]]:
        """Run one of the service's commands: its exit code and lines."""
        done = self._run("examples.legacy.welcome", *words, check=False)
        return done.returncode, done.stdout.splitlines()

    def _run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *words]
        return subprocess.run(
            command, cwd=self._source, env=self._environment, check=check, capture_output=True, text=True
        )

    def configure(self, **settings: str) -> None:
        """Have processes started from now on find other settings."""
        self._environment |= settings

    def open(self, reference: str, product: str = "current", deposit_pence: int = 20_000) -> httpx.Response:
        """Open an account, as anybody does."""
        said = {"reference": reference, "customer": f"c-{reference}", "product": product}
        return httpx.post(f"{self.url}/accounts/", json={**said, "deposit_pence": deposit_pence}, timeout=30)

    def see(self, reference: str) -> httpx.Response:
        """Read an account, as anybody does."""
        return httpx.get(f"{self.url}/accounts/{reference}/", timeout=30)

    def list_of(self, customer: str) -> httpx.Response:
        """List a customer's accounts, as anybody does."""
        return httpx.get(f"{self.url}/accounts/", params={"customer": customer}, timeout=30)

    def asked(self) -> Counter[str]:
        """Count how often the print house was asked for each account's letter."""
        return Counter(key.removeprefix("welcome-") for key, _ in self._noted())

    def sent(self) -> Counter[str]:
        """Count the letters that really went to each account."""
        return Counter(key.removeprefix("welcome-") for key, line in self._noted() if line["sent"])

    def askers(self) -> dict[str, set[str]]:
        """Tell who asked for each account's letter."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for key, line in self._noted():
            found[key.removeprefix("welcome-")].add(str(line["asker"]))
        return found

    def _noted(self) -> list[tuple[str, dict[str, object]]]:
        file = self.folder / "letters.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        found = [json.loads(line) for line in lines if line.endswith("}")]
        return [(str(line["key"]), line) for line in found]


def _answers(url: str) -> bool:
    try:
        httpx.get(f"{url}/accounts/?customer=none", timeout=5)
    except httpx.TransportError:
        return False
    return True
