"""A register that really listens, on a free port of this machine, for the length of a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from examples.register.server import RegisterServer

__all__ = ["HOLDER", "register", "write_register"]

HOLDER = {
    "driver_number": "SPECI704152AB9XY",
    "family_name": "Specimen",
    "given_names": "Alex Blue",
    "date_of_birth": "1974-04-15",
    "status": "valid",
}


def write_register(file: Path, *licences: dict[str, str], fault: dict[str, object] | None = None) -> None:
    """Say what the register knows from the next question on."""
    file.write_text(json.dumps({"licences": licences, "fault": fault}), encoding="utf-8")


@contextmanager
def register(file: Path) -> Iterator[str]:
    """Run a register on a file, and give its address."""
    with RegisterServer(file, 0) as server:
        listening = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        listening.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            listening.join()
