"""Runs the example register: `python -m examples.register --port 8100`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from examples.register.server import RegisterServer

__all__ = ["main"]


def main() -> None:
    """Listen until interrupted; the data lies in `$VOUCH_DATA/register.json`."""
    parser = argparse.ArgumentParser(prog="python -m examples.register", description=__doc__)
    parser.add_argument("--port", type=int, default=8100, help="on 127.0.0.1; 0: any free one")
    asked = parser.parse_args()
    file = Path(os.environ.get("VOUCH_DATA", "var")) / "register.json"
    with RegisterServer(file, asked.port) as server:
        print(f"licence register on {server.url}, from {file}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("licence register: stopped", flush=True)


if __name__ == "__main__":
    main()
