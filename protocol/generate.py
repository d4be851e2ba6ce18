"""Makes the Python code of schemas, in place; run `python -m protocol.generate` after changing one.

Folders after it: of their schemas instead of ours.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Write `*_pb2.py` and `*_pb2.pyi` beside each `.proto` of the folders named, else of `protocol/schemas`.

    Raises:
        subprocess.CalledProcessError: a schema is wrong; protoc has said where.
    """
    folders = sys.argv[1:] or ["protocol/schemas"]
    schemas = sorted(str(p.relative_to(ROOT)) for folder in folders for p in (ROOT / folder).glob("*.proto"))
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", "--python_out=.", "--mypy_out=.", *schemas]
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
