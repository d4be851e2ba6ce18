"""The processes of a run, each apart: the product's web process, the scribe, the peers' servers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from config.ports import free_ports

__all__ = ["BarePeer", "ChannelsPeer", "Process", "Scribe", "Server", "Web"]

_ROOT: Final = Path(__file__).resolve().parents[2]
_START_S: Final = 60.0
_STOP_S: Final = 15.0
_MOST_STREAMS: Final = 20_000


class Process:
    """A process that ends with this one; what it says on standard error is shown when it fails."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self._running = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command],
            cwd=_ROOT,
            env={**environment, "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def say(self, line: str) -> None:
        """Write a line into its input."""
        if self._running.stdin is not None:
            self._running.stdin.write(line + "\n")
            self._running.stdin.flush()

    def hear(self) -> Any:
        """Read a line of JSON that it says.

        Raises:
            RuntimeError: it has ended instead; the message has its last words.
        """
        line = "" if self._running.stdout is None else self._running.stdout.readline()
        if not line:
            self._running.wait(_STOP_S)
            raise RuntimeError(f"{self._running.args!r} has ended:\n{self._last_words()}")
        return json.loads(line)

    def await_port(self, port: int) -> None:
        """Wait until it listens.

        Raises:
            RuntimeError: it has ended, or the time is over.
        """
        ends_s = time.monotonic() + _START_S
        while time.monotonic() < ends_s and self._running.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{self._running.args!r} does not listen:\n{self._last_words()}")

    def cpu_s(self) -> float:
        """Tell how much processor time its threads have had.

        Not from the ticks of /proc/PID/stat, which over-count on a busy machine.
        """
        tasks = Path(f"/proc/{self._running.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def resident_kb(self) -> int:
        """Tell how much of its memory is in use."""
        status = Path(f"/proc/{self._running.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))

    def stop(self) -> None:
        """End it in order, and for sure."""
        self._running.terminate()
        try:
            self._running.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()
        for pipe in (self._running.stdin, self._running.stdout, self._log):
            if pipe is not None:
                pipe.close()

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read()[-3_000:]


class Server(Process):
    """A process that readers connect to.

    `address` is where; `tell` is where it wants to hear of commits (empty: it looks by itself); `bare` says
    that its streams begin without a welcome.
    """

    address: str
    tell = ""
    bare = True

    def path(self, place: int) -> str:
        """Give the address of a client's feed, by the client's place."""
        return f"/feed/{place}"


class Web(Server):
    """The product's web process, as `config.web` makes it, with more streams a client."""

    bare = False

    def __init__(self, environment: Mapping[str, str]) -> None:
        port, door = free_ports(2)
        own = {"PORT": str(port), "VOUCH_DOOR_PORT": str(door), "VOUCH_FEED_STREAMS": str(_MOST_STREAMS)}
        super().__init__([sys.executable, "-m", "config.web"], {**environment, **own})
        self.address = f"127.0.0.1:{port}"
        self.await_port(port)

    def path(self, place: int) -> str:
        """Give the feed's address: whose it is, the key says."""
        del place
        return "/v1/feed"


class BarePeer(Server):
    """A server of the package `websockets`, and nothing else."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        port, told = free_ports(2)
        module = "benchmarks.feed.peers.bare"
        super().__init__([sys.executable, "-m", module, str(port), str(told)], environment)
        self.address, self.tell = f"127.0.0.1:{port}", f"127.0.0.1:{told}"
        self.await_port(port)
        self.await_port(told)


class ChannelsPeer(Server):
    """Channels with one `group_send` a record, on Redis; a process of its own sends."""

    def __init__(self, environment: Mapping[str, str], redis: str) -> None:
        port, told = free_ports(2)
        with_redis = {**environment, "PEER_REDIS_URL": redis}
        module = "benchmarks.feed.peers.channels_groups"
        self._relay = Process([sys.executable, "-m", module, "relay", str(told)], with_redis)
        super().__init__([sys.executable, "-m", module, "serve", str(port)], with_redis)
        self.address, self.tell = f"127.0.0.1:{port}", f"127.0.0.1:{told}"
        self.await_port(port)
        self._relay.await_port(told)

    def stop(self) -> None:
        """End both processes."""
        super().stop()
        self._relay.stop()


class Scribe(Process):
    """Who writes the feed: `do` names a task of `scribe.py`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__([sys.executable, "-m", "benchmarks.feed.scribe"], environment)
        self.hear()

    def do(self, task: str, **asked: object) -> Any:
        """Have a task done, and give its answer."""
        self.say(json.dumps({"task": task, **asked}))
        return self.hear()
