"""Makes the Python code of every schema, in place; run `python -m protocol.generate` after changing one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Write `*_pb2.py` and `*_pb2.pyi` beside each `.proto`.

    Raises:
        subprocess.CalledProcessError: a schema is wrong; protoc has said where.
    """
    schemas = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "protocol" / "schemas").glob("*.proto"))
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", "--python_out=.", "--mypy_out=.", *schemas]
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
