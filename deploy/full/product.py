"""The product's own processes under their supervisor: started apart from the caller, asked how they are."""

from __future__ import annotations

import contextlib
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Final

from config.environment import ROOT
from config.supervisor import write_privately
from deploy.full.place import Place

__all__ = ["NotReady", "pid_of", "start", "stop", "unwell", "wait_until_well"]

# A cold start loads OCR and the face models in every vision process.
_WITHIN_S: Final = 180.0
# The supervisor gives its processes 8 s, then ends them by force.
_STOP_S: Final = 20.0
_LOOK_EVERY_S: Final = 0.2
_ASK_S: Final = 2.0
_NAME: Final = "config.supervisor"


class NotReady(RuntimeError):
    """The product did not come up; the message says what is missing and where its log is."""


def start(place: Place) -> None:
    """Start the supervisor in a session of its own: it stays when the caller ends."""
    for old in (place.folder / "metrics").glob("*.url"):
        old.unlink()
    with os.fdopen(os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", _NAME],
            cwd=ROOT,
            env=place.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # The folder may be passed through: what the product makes in it is for its owner only.
            umask=0o077,
        )
    write_privately(_pid_file(place), str(supervisor.pid))
    # Between its birth and its first instruction a process has neither a command line nor an environment.
    while pid_of(place) is None and supervisor.poll() is None:
        time.sleep(0.01)


def pid_of(place: Place) -> int | None:
    """Find the running supervisor of this folder; a number in a file may by now be somebody else's."""
    try:
        pid = int(_pid_file(place).read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    ours = f"VOUCH_DATA={place.folder}".encode() in variables
    return pid if ours and _NAME.encode() in command else None


def wait_until_well(place: Place, expected: frozenset[str]) -> None:
    """Wait until the public port takes cases and each process answers.

    Raises:
        NotReady: the supervisor ended, or it took too long.
    """
    until_s = time.monotonic() + _WITHIN_S
    while missing := unwell(place, expected):
        if pid_of(place) is None or time.monotonic() > until_s:
            last = place.log.read_text(errors="replace")[-3000:]
            raise NotReady(f"not well: {', '.join(missing)}; the log is {place.log}:\n{last}")
        time.sleep(_LOOK_EVERY_S)


def unwell(place: Place, expected: frozenset[str]) -> list[str]:
    """Name the processes that do not answer, or `readyz` when all do and cases cannot be taken."""
    folder = place.folder / "metrics"
    silent = [name for name in sorted(expected) if not _answers(_address(folder / f"{name}.url"))]
    if silent:
        return silent
    trusting = ssl.create_default_context(cafile=str(place.certificates.authority))
    return [] if _answers(f"{place.url}/readyz", trusting) else ["readyz"]


def stop(place: Place) -> None:
    """End the supervisor, and with it every process, in order."""
    pid = pid_of(place)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    until_s = time.monotonic() + _STOP_S
    while pid_of(place) is not None:
        if time.monotonic() > until_s:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    _pid_file(place).unlink(missing_ok=True)


def _pid_file(place: Place) -> Path:
    return place.folder / "supervisor.pid"


def _address(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""


def _answers(url: str, trusting: ssl.SSLContext | None = None) -> bool:
    if not url:
        return False
    try:
        with urllib.request.urlopen(url, timeout=_ASK_S, context=trusting) as answer:  # noqa: S310 - ours
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, urllib.error.URLError):
        return False
