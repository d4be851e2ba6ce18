"""When a service was first started: for one that tells nobody anything of what was before.

It lies in a file of its own, as a rebuild makes all rows anew.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from subscriber.errors import SubscriberError

__all__ = ["DamagedBeginning", "first_start"]


class DamagedBeginning(SubscriberError):
    """The file does not hold the moment of the first start: write it there, as ISO 8601 with its offset."""


def first_start(folder: Path, now: datetime) -> datetime:
    """Give the moment of the first start; now, when this is it.

    Raises:
        DamagedBeginning: the file holds no moment.
    """
    file = folder / "first_start"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_name(f"first_start.{os.getpid()}")
    if not file.exists():
        new.write_text(now.isoformat(), encoding="utf-8")
        try:
            # Of two that start at once, one is first.
            os.link(new, file)
        except FileExistsError:
            pass
        finally:
            new.unlink()
    try:
        return datetime.fromisoformat(file.read_text(encoding="utf-8").strip())
    except ValueError as error:
        raise DamagedBeginning(
            f"{file} does not hold the moment of the first start: write it there"
        ) from error
