"""One full profile for the journeys in this folder, started and stopped by the commands an operator uses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.environment import ROOT
from config.ports import free_port
from config.supervisor import write_privately
from examples.demo.cases import register_rows
from tests.journeys.company import Company
from tests.journeys.house import House


@dataclass(frozen=True)
class Full:
    """A full profile in a folder of its own."""

    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of the full profile's commands."""
        environment = os.environ | {"VOUCH_DATA": str(self.data), "PORT": str(self.port)}
        command = [sys.executable, "-m", "deploy.full", *words]
        return subprocess.run(
            command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=300
        )

    def add_client(self, name: str) -> str:
        """Add a client and give its key."""
        return self.manage("client", "add", name).splitlines()[-1]

    def manage(self, *words: str) -> str:
        """Run one of the product's commands; gives what it says."""
        return self.run("manage", *words).stdout


@pytest.fixture(scope="session")
def full() -> Iterator[Full]:
    # Directly below the temporary folder: PostgreSQL's account must be able to pass through all of them.
    folder = Path(tempfile.mkdtemp(prefix="vouch-full-"))
    folder.chmod(0o711)
    write_privately(folder / "register.json", json.dumps({"licences": register_rows(), "fault": None}))
    product = Full(folder, free_port())
    try:
        came_up = product.run("up")
        assert came_up.returncode == 0, came_up.stdout + came_up.stderr
        yield product
    finally:
        product.run("down")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def house(full: Full) -> Iterator[House]:
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        # The only authority that every client in this run trusts.
        patch.setenv("SSL_CERT_FILE", str(full.data / "ca.pem"))
        yield House(full, stack)


@pytest.fixture(scope="session")
def company(house: House) -> Company:
    return house.company("Betting Ltd")
