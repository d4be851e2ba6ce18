"""A checkpoint in a file: for one process, and kept also when that is killed."""

from __future__ import annotations

from pathlib import Path

from vouch_feed.position import Position

__all__ = ["read_checkpoint", "write_checkpoint"]


def read_checkpoint(file: Path) -> Position | None:
    """Read it; None: there is none yet.

    Raises:
        ValueError: the file holds something else.
    """
    try:
        text = file.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    return Position.parse(text)


def write_checkpoint(file: Path, position: Position) -> None:
    """Replace it at once: a reader sees the old one or the new one."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(f"{position}\n", encoding="ascii")
    new.replace(file)
