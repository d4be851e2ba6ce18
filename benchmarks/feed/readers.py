"""The clients of a run, in a process of their own: a program in Go where there is Go, else one in Python."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from benchmarks.feed.counting import Moments, Read, Reader
from benchmarks.feed.processes import Process, Server

__all__ = ["Readers", "Wish", "language"]

_ROOT: Final = Path(__file__).resolve().parents[2]
_SOURCES: Final = Path(__file__).parent / "load"
_BUILT: Final = _ROOT / ".cache" / "feed-load"
_AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True)
class Wish:
    """One connection: whose key, which records, and the last number wanted (0: until told to stop)."""

    key: str
    path: str
    until: int = 0

    def as_dict(self) -> dict[str, object]:
        """Give it as the plan has it."""
        return {"path": self.path, "headers": {"Authorization": f"Bearer {self.key}"}, "until": self.until}


class Readers(Process):
    """Every connection of one run, open when this is made."""

    def __init__(self, server: Server, wishes: Sequence[Wish], *, form: str = "json") -> None:
        _raise_open_files()
        super().__init__(_command(), {**os.environ, "GOMAXPROCS": "1"})
        self._folder = tempfile.TemporaryDirectory(prefix="vouch-feed-load-")
        self._out = Path(self._folder.name) / "moments"
        plan = {
            "address": server.address,
            "form": form,
            "bare": server.bare,
            "at_once": _AT_ONCE,
            "out": str(self._out),
            "readers": [wish.as_dict() for wish in wishes],
        }
        self.say(json.dumps(plan))
        self.opened_s = float(self.hear()["seconds"])

    def end(self, wanted: int | None = None, *, within_s: float = 0.0) -> Read:
        """Give what was read when so many records have come, or in time; None: when each has its last."""
        if wanted is not None:
            self.say(json.dumps({"wanted": wanted, "within_s": within_s}))
        told = self.hear()
        moments = Moments.of(self._out)
        return Read([Reader(**one) for one in told["readers"]], moments, int(told["began_ns"]))

    def stop(self) -> None:
        """End the process and forget its file."""
        super().stop()
        self._folder.cleanup()


def language() -> str:
    """Name what the clients are written in: go where it is, else (or by $VOUCH_BENCH_CLIENTS) python."""
    asked = os.environ.get("VOUCH_BENCH_CLIENTS", "go")
    return "python" if asked == "python" or shutil.which("go") is None else "go"


def _command() -> tuple[str, ...]:
    if language() == "python":
        return (sys.executable, "-m", "benchmarks.feed.load_python")
    return (str(_built()),)


@cache
def _built() -> Path:
    cache_folder = os.environ.get("GOCACHE", str(_ROOT / ".cache" / "go-build"))
    sources = sorted(str(path) for path in _SOURCES.glob("*.go"))
    built = subprocess.run(
        ["go", "build", "-o", str(_BUILT), *sources],
        env={**os.environ, "GOCACHE": cache_folder, "GOFLAGS": "", "GOTOOLCHAIN": "local"},
        cwd=_SOURCES,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise RuntimeError(f"the readers could not be built:\n{built.stderr}")
    return _BUILT


def _raise_open_files() -> None:
    """Let this process's children have as many sockets as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
