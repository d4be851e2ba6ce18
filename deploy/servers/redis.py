"""A Redis on this machine, from Debian's package: a doorbell that forgets everything when it ends.

with RedisServer(folder, password="…") as redis:
    client = redis.Redis.from_url(redis.url)
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
from pathlib import Path
from typing import Final, Self

from deploy.servers.daemon import Daemon, NotStarted, kept_port

__all__ = ["DEBIAN_PACKAGES", "NotStarted", "RedisServer", "missing_packages"]

DEBIAN_PACKAGES: Final = ("redis-server",)
_PROGRAM: Final = "redis-server"
_START_S: Final = 15.0
_STOP_S: Final = 10.0
# Nothing is kept: what rings a doorbell is in the journal. `allkeys-lru` drops the oldest ring when full.
_SETTINGS: Final = """bind 127.0.0.1
port {port}
protected-mode yes
dir {folder}
save ""
appendonly no
maxmemory 64mb
maxmemory-policy allkeys-lru
daemonize no
"""


class RedisServer:
    """A server in a folder of its own; another process may stop it by the same folder.

    It ends with the thread that started it, unless `outlives` says that it stays.
    """

    def __init__(self, folder: Path, *, password: str = "", outlives: bool = False) -> None:
        self.folder = folder.resolve()
        self._password = password
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._port = kept_port(self.folder)
        # It renames itself to where it listens.
        self._process = Daemon(self.folder, [str(self.folder), f":{self._port}"], outlives=outlives)

    @property
    def url(self) -> str:
        """Give the address that clients use, with the password."""
        secret = f":{self._password}@" if self._password else ""
        return f"redis://{secret}127.0.0.1:{self._port}/0"

    @property
    def alive(self) -> bool:
        """Whether the server runs, whoever started it."""
        return self._process.alive

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            NotStarted: it did not start, or the package is missing.
        """
        if missing := missing_packages():
            raise NotStarted(f"Redis is not installed: apt-get install {' '.join(missing)}")
        self._process.start([_PROGRAM, self._write_settings()])
        self._process.wait_for(self._answers, _START_S, "Redis")

    def stop(self) -> None:
        """End the server in order."""
        self._process.stop(signal.SIGTERM, _STOP_S)

    def kill(self) -> None:
        """Take the server away at once (SIGKILL)."""
        self._process.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _write_settings(self) -> Path:
        path = self.folder / "redis.conf"
        secret = f"requirepass {self._password}\n" if self._password else ""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(_SETTINGS.format(port=self._port, folder=self.folder) + secret)
        return path

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            return False
        return True


def missing_packages() -> tuple[str, ...]:
    """Name the Debian packages that have to be installed first."""
    return () if shutil.which(_PROGRAM) else DEBIAN_PACKAGES
