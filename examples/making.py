"""Makes a new service beside the product of the one in `examples/letters`: `make consumer NAME=letters`.

It gets its folder, its test and its page; its name is put with its stream's, and where databases are made.
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from protocol.catalogue import STREAMS

__all__ = ["CannotMake", "main", "plan"]

ROOT: Final = Path(__file__).resolve().parent.parent
# It becomes a Python package, a database, a role of PostgreSQL and a part of names of variables.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,30}")
_MODEL: Final = "letters"
# The stream that the model follows.
_STREAM: Final = "verification.case"
# Databases and roles that are there before any service's.
_RESERVED: Final = ("vouch", "postgres", "pg_")
_COPIED: Final = {
    "examples/letters/__init__.py": "consumers/{name}/__init__.py",
    "examples/letters/__main__.py": "consumers/{name}/__main__.py",
    "examples/letters/service.py": "consumers/{name}/service.py",
    "examples/letters/service.toml": "consumers/{name}/service.toml",
    "examples/letters/page.md": "docs/services/{name}.md",
    "tests/examples/letters/__init__.py": "tests/consumers/{name}/__init__.py",
    "tests/examples/letters/test_service.py": "tests/consumers/{name}/test_service.py",
}
# Where a name has to stand besides: what is looked for, and what comes in its place.
_NAMED: Final = {
    "protocol/streams.py": [
        (rf'(name="{_STREAM}",.*?consumers=\(.*?)(,?\s*)(\),\s*meaning=)', r'\1, "{name}",\3'),
    ],
    "deploy/compose.yaml": [
        (
            r"( +)(VOUCH_KAFKA:)",
            r"\1VOUCH_{NAME}_DATABASE_URL: postgresql://{name}:${{VOUCH_PASSWORD}}@127.0.0.1:15432/{name}\n\1\2",
        ),
    ],
    "deploy/compose_databases.sh": [
        (r"(?m)(^for name in )", r"make_role {name}\n\1"),
        (r"\Z", r"make_database {name} {name}\n"),
    ],
}


class CannotMake(ValueError):
    """No such service can be made; the message says why."""


def plan(name: str, root: Path = ROOT) -> dict[Path, str]:
    """Say which files there would be, and what in them.

    Args:
        name: of the service, as a Python package is named.
        root: the repository's.

    Raises:
        CannotMake: the name is none or is taken, or a file has not the place where it would be put.
    """
    _check(name, root)
    copied = {
        root / target.format(name=name): _renamed(root / model, name) for model, target in _COPIED.items()
    }
    if standing := [str(path.relative_to(root)) for path in copied if path.exists()]:
        raise CannotMake(f"{', '.join(standing)} is there already; nothing was written")
    return copied | {root / file: _with_name(root / file, name) for file in _NAMED}


def _check(name: str, root: Path) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise CannotMake(
            f"{name!r} cannot be a service's name: 2 to 31 of a-z, 0-9 and _, a letter first, and no word of "
            "Python; make consumer NAME=letters"
        )
    rooms = {path.parent.name for path in root.glob("*/__init__.py")}
    known = {one for stream in STREAMS for one in (stream.owner, *stream.producers, *stream.consumers)}
    if name in rooms | known or name.startswith(_RESERVED) or (root / "consumers" / name).exists():
        raise CannotMake(f"the name {name} is taken")


def _renamed(model: Path, name: str) -> str:
    text = model.read_text(encoding="utf-8").replace(f"examples.{_MODEL}", f"consumers.{name}")
    title = name.replace("_", " ").capitalize()
    for old, new in ((_MODEL.upper(), name.upper()), (_MODEL.title(), title)):
        text = text.replace(old, new)
    return re.sub(rf"\b{_MODEL}\b", name, text)


def _with_name(file: Path, name: str) -> str:
    text = file.read_text(encoding="utf-8")
    for looked_for, put in _NAMED[str(Path(*file.parts[-2:]))]:
        words: Mapping[str, str] = {"name": name, "NAME": name.upper()}
        text, times = re.subn(looked_for, put.format(**words), text, count=1, flags=re.DOTALL)
        if times != 1:
            raise CannotMake(f"{file}: there is no place for the name of a service; nothing was written")
    return text


def _write(files: Mapping[Path, str]) -> None:
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Make the service that is asked for, and say what to do with it."""
    parser = ArgumentParser(prog="make consumer", description=__doc__)
    parser.add_argument("name", help="the new service's, as a Python package is named")
    name = parser.parse_args(arguments).name
    try:
        files = plan(name)
    except CannotMake as error:
        print(f"consumer: {error}", file=sys.stderr)
        return 2
    _write(files)
    python = [str(path) for path in files if path.suffix == ".py"]
    for command in (["ruff", "format", "--quiet", *python], ["protocol.asyncapi"]):
        subprocess.run([sys.executable, "-m", *command], check=True, cwd=ROOT)
    for path in files:
        print(f"consumer: wrote {path.relative_to(ROOT)}")
    print(
        f"consumer: `make serve` runs it beside the product, `python -m consumers.{name} opened` shows its "
        f"rows, `pytest tests/consumers/{name}` is its test. Go on in consumers/{name}/service.py; what the "
        "runtime does for it: docs/services.md"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
