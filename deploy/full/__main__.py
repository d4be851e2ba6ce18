"""The full profile's commands: `python -m deploy.full up | down | status | manage WORDS…`.

State lies in $VOUCH_DATA (default `var/full`), the public port is $PORT (default 8443).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from config.environment import ROOT
from deploy.full import product, stack
from deploy.full.place import Place, open_place

__all__ = ["main"]

_FOLDER: Final = ROOT / "var" / "full"
_PORT: Final = 8443


def main() -> int:
    """Run one command; 0: done, 1: it could not be done, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m deploy.full", description=__doc__)
    parser.add_argument("command", choices=["up", "down", "status", "manage"])
    parser.add_argument("words", nargs=argparse.REMAINDER, help="of manage: what manage.py is told")
    asked = parser.parse_args()
    folder, port = Path(os.environ.get("VOUCH_DATA", _FOLDER)), os.environ.get("PORT", str(_PORT))
    if not port.isdigit():
        parser.error(f"PORT is {port!r}; it must be a whole number")
    place = open_place(folder, int(port))
    try:
        return _run(place, asked.command, asked.words)
    except RuntimeError as error:
        print(f"vouch: {error}", file=sys.stderr)
        return 1


def _run(place: Place, command: str, words: list[str]) -> int:
    match command:
        case "up":
            stack.up(place, _say)
            _greet(place)
        case "down":
            stack.down(place, _say)
        case "status":
            return _status(place)
        case _:
            told = [sys.executable, "manage.py", *words]
            return subprocess.run(told, cwd=ROOT, env=place.environment(), check=False).returncode
    return 0


def _status(place: Place) -> int:
    """Say what is not well; 0 when all is."""
    if product.pid_of(place) is None:
        _say("down")
        return 1
    missing = product.unwell(place, stack.PROCESSES)
    _say(f"not well: {', '.join(missing)}" if missing else f"well, on {place.url}")
    return 1 if missing else 0


def _greet(place: Place) -> None:
    authority = place.certificates.authority
    where = "" if place.folder == _FOLDER else f"VOUCH_DATA={place.folder} "
    _say(f"\nVouch serves on {place.url}")
    _say(f"  is it well?    curl --cacert {authority} {place.url}/readyz")
    _say(f"  its metrics:   curl $(cat {place.folder}/metrics/relay.url)")
    _say(f"  its log:       {place.log}")
    _say(f"  a client:      {where}.venv/bin/python -m deploy.full manage client add NAME")
    _say(f"  stop it all:   {where}make down")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
