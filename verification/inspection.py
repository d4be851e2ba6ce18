"""Looks into an upload without trusting it: a process that may die decodes it, this one stays whole."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from pathlib import Path

from verification.uploads import Inspected, Refusal

__all__ = ["Inspector", "inspect", "warm_up"]

_ROOT = Path(__file__).resolve().parent.parent


class Inspector:
    """One warm process that decodes uploads one after another, replaced when it dies; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process that is running; None: none was needed yet."""
        return None if self._process is None else self._process.pid

    def inspect(self, path: Path, kind: str) -> Inspected | Refusal:
        """Judge a file by its content: its type, its size, and that it can be decoded.

        Args:
            path: the file; its name is not looked at.
            kind: document_front, document_back, face_video or face_photo.
        """
        with self._lock:
            answer = self._ask(json.dumps({"path": str(path.absolute()), "kind": kind}))
        if not answer:
            return Refusal("unreadable", "decoding the file took too long or too much; send another one")
        found = json.loads(answer)
        return Inspected(**found) if found.pop("ok") else Refusal(**found)

    def start(self) -> int:
        """Have the process running, so that the first file need not wait for it; gives its id."""
        with self._lock:
            return self._warm().pid

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._end(self._process)

    def _ask(self, question: str) -> str:
        """Put one line to the process; an empty answer: it died of the file."""
        process = self._warm()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the decoding process has no pipes")
        try:
            process.stdin.write(question + "\n")
            process.stdin.flush()
            answer = str(process.stdout.readline())
        except BrokenPipeError:
            answer = ""
        if not answer:
            self._end(process)
        return answer

    def _warm(self) -> subprocess.Popen[str]:
        """Give the running process, or start one; one that died while idle is replaced."""
        if self._process is not None and self._process.poll() is not None:
            self._end(self._process)
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "verification.decoding"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process

    def _end(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()
        self._process = None


_INSPECTOR = Inspector()
atexit.register(_INSPECTOR.close)


def inspect(path: Path, kind: str) -> Inspected | Refusal:
    """Judge a file in this process's one warm inspector; see `Inspector.inspect`."""
    return _INSPECTOR.inspect(path, kind)


def warm_up() -> None:
    """Start this process's inspector, so that the first upload need not wait half a second for it."""
    _INSPECTOR.start()
