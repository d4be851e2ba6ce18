"""A private PostgreSQL on this machine, from Debian's package; the system's own cluster is never touched.

with PostgresServer(folder) as server:
    server.create_database("vouch")
    connection = psycopg.connect(server.url("vouch"))
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import psycopg

from deploy.servers.daemon import Daemon, NotStarted, kept_port

__all__ = ["DEBIAN_PACKAGES", "NotStarted", "PostgresServer", "missing_packages", "program"]

DEBIAN_PACKAGES: Final = ("postgresql",)
_INSTALLED: Final = Path("/usr/lib/postgresql")
_ACCOUNT: Final = "postgres"
_START_S: Final = 30.0
_STOP_S: Final = 20.0
_SETTINGS: Final = """
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 128MB
"""


class PostgresServer:
    """A cluster in a folder of its own; another process may stop it by the same folder.

    PostgreSQL refuses to run as root: root's clusters belong to the account `postgres`, which must be able to
    enter every folder above them. Without a password anybody on this machine may connect: for tests.
    The server ends with the thread that started it, unless `outlives` says that it stays.
    """

    def __init__(self, folder: Path, *, password: str = "", outlives: bool = False) -> None:
        self.folder = folder.resolve()
        self._password = password
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._port = kept_port(self.folder)
        # Orphaned it ends as by `stop`.
        self._process = Daemon(self.folder, [str(self._data)], outlives=outlives, orphaned=signal.SIGINT)

    def url(self, database: str = "postgres") -> str:
        """Give the address of a database, with the password."""
        who = f"{_ACCOUNT}:{quote(self._password, safe='')}" if self._password else _ACCOUNT
        return f"postgresql://{who}@127.0.0.1:{self._port}/{database}"

    def create_database(self, name: str) -> str:
        """Make a database where there is none of that name; gives its address.

        Raises:
            ValueError: the name has other characters than lower-case letters, digits and `_`.
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
            raise ValueError(f"{name!r} is no name of a database: lower-case letters, digits, _")
        with psycopg.connect(self.url(), autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
            if found.fetchone() is None:
                connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def start(self) -> None:
        """Start the server and wait until it answers; the first start also makes the cluster.

        Raises:
            NotStarted: it did not start, or the package is missing.
        """
        if not self._data.exists():
            self._make()
        command = [program("postgres"), "-D", str(self._data), "-p", str(self._port)]
        self._process.start(command, under=_as_account(), cwd=Path("/"))
        self._process.wait_for(self._answers, _START_S, "PostgreSQL")

    def stop(self) -> None:
        """End the server in order: open transactions are rolled back, everything committed is kept."""
        self._process.stop(signal.SIGINT, _STOP_S)
        self._await_children()

    def restart(self) -> None:
        """Stop and start, on the same port."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """Take the server away at once (SIGKILL); its disk stays, and `start` recovers from it."""
        self._process.kill()
        self._await_children()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether the server runs, whoever started it."""
        return self._process.alive

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _make(self) -> None:
        if missing := missing_packages():
            raise NotStarted(f"PostgreSQL is not installed: apt-get install {' '.join(missing)}")
        if os.geteuid() == 0:
            shutil.chown(self.folder, _ACCOUNT, _ACCOUNT)
        secret = self.folder / "password"
        way = ["-A", "trust"]
        if self._password:
            secret.touch(mode=0o644)  # the account reads it; the folder lets nobody else in
            secret.write_text(self._password)
            way = ["-A", "scram-sha-256", "--pwfile", str(secret)]
        made = subprocess.run(
            [*_as_account(), *_initdb(self._data), *way],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        secret.unlink(missing_ok=True)
        if made.returncode:
            raise NotStarted(f"the cluster could not be made:\n{made.stdout}{made.stderr}")
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"{_SETTINGS}unix_socket_directories = '{self.folder}'\n")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _await_children(self) -> None:
        """Wait for its children, which end by themselves when they see it gone: none starts here before."""
        end_s = time.monotonic() + _STOP_S
        while self._children() and time.monotonic() < end_s:
            time.sleep(0.01)

    def _children(self) -> bool:
        """Tell whether a process of this cluster still works in its data folder."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and (entry / "cwd").resolve() == self._data:
                    return True
        return False


def missing_packages() -> tuple[str, ...]:
    """Name the Debian packages that have to be installed first.

    Before installing, write `create_main_cluster = false` into `/etc/postgresql-common/createcluster.conf`:
    else the package starts a server of its own.
    """
    return () if _newest() is not None else DEBIAN_PACKAGES


@cache
def _newest() -> Path | None:
    """Find the programs of the newest version that is installed."""
    found = [path for path in _INSTALLED.glob("*/bin/postgres") if path.parent.parent.name.isdigit()]
    return max((path.parent for path in found), key=lambda path: int(path.parent.name), default=None)


def program(name: str) -> str:
    """Give the path of one of PostgreSQL's programs: `pg_dump`, `psql`."""
    return f"{_newest()}/{name}"


def _initdb(data: Path) -> list[str]:
    return [
        program("initdb"),
        "-D",
        str(data),
        "-U",
        _ACCOUNT,
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]


def _as_account() -> list[str]:
    """Become the account that a server of root runs under."""
    if os.geteuid() == 0:
        return ["setpriv", f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}", "--init-groups"]
    return []
