"""The running product of a journey, and what an operator can do to it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from config.ports import free_port
from examples.demo.cases import register_rows
from examples.demo.following import Follower
from examples.demo.serving import serve
from tests.journeys.company import Company

__all__ = ["House", "Running", "running_product"]


class Running(Protocol):
    """A product of either profile, as an operator sees it."""

    @property
    def url(self) -> str:
        """Where the public application is."""

    @property
    def data(self) -> Path:
        """The folder of all state."""

    def add_client(self, name: str) -> str:
        """Add a client and give its key."""

    def manage(self, *words: str) -> str:
        """Run one of the product's commands; gives what it says."""


@dataclass(frozen=True)
class House:
    """A served product: its clients come and go, its processes are killed, its register falls ill."""

    served: Running
    stack: ExitStack

    def company(self, name: str) -> Company:
        """Add a client, and follow its feed."""
        return self._following(self.served.add_client(name))

    def reviewing_company(self, name: str) -> Company:
        """Add a client whose own reviewers may decide, and follow its feed."""
        client, key = self.served.manage("client", "add", name).splitlines()[-2:]
        self.served.manage("client", "reviewers", client, "on")
        return self._following(key)

    def _following(self, key: str) -> Company:
        follower = self.stack.enter_context(Follower(self.served.url, key, lambda _: None))
        return Company(self.served.url, key, follower)

    def set_register(self, fault: dict[str, object] | None) -> None:
        """Write what the register knows and how it is broken; at once, as it reads at each question."""
        path = self.served.data / "register.json"
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"licences": register_rows(), "fault": fault}))
        new.replace(path)

    def pid(self, name: str) -> int:
        """The id of a process the supervisor keeps."""
        return int(json.loads((self.served.data / "processes.json").read_text())[name])

    def looks(self) -> list[int]:
        """The ids of the pipeline's vision workers."""
        pipeline = self.pid("pipeline")
        found = (file.read_text().split() for file in Path(f"/proc/{pipeline}/task").glob("*/children"))
        pids = [pid for children in found for pid in children]
        return [int(pid) for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def kill(self, name: str) -> int:
        """End a process as if the machine had taken it; "vision" is one of the pipeline's workers."""
        pid = self.looks()[0] if name == "vision" else self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """Have a process stand still for as long as the context lasts."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def wait_for_another(self, name: str, than: int, within_s: float = 40) -> None:
        """Wait until the supervisor has started a process again."""
        until_s = time.monotonic() + within_s
        while self.pid(name) == than:
            assert time.monotonic() < until_s, f"{name} was not started again within {within_s:.0f} s"
            time.sleep(0.1)

    def rows(self, database: str, query: str, *values: str) -> list[tuple[object, ...]]:
        """Ask one of the product's databases, reading only."""
        address = f"file:{self.served.data / database}.sqlite3?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=20)) as connection:
            return list(connection.execute(query, values))


@contextmanager
def running_product() -> Iterator[House]:
    """Run the product in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="vouch-journey-") as folder, ExitStack() as stack:
        data = Path(folder)
        (data / "register.json").write_text(json.dumps({"licences": register_rows(), "fault": None}))
        yield House(stack.enter_context(serve(data, free_port())), stack)
