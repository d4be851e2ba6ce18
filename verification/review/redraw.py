"""Has pictures drawn anew, two at a time, by processes that may die; the web process never decodes one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

__all__ = ["DEADLINE_S", "CannotRedraw", "redraw"]

DEADLINE_S = 10

_ROOT = Path(__file__).resolve().parent.parent.parent
_LATEST_S = DEADLINE_S + 5
# A page asks for all its pictures at once; the vision workers need the cores too.
_AT_ONCE = threading.BoundedSemaphore(2)


class CannotRedraw(ValueError):
    """The file cannot be decoded, or it took too long or too much memory."""


def redraw(data: bytes, moments_ms: Sequence[int] = ()) -> bytes:
    """Draw a picture anew as JPEG; with moments: a clip's frames at those moments, as one sheet.

    Args:
        data: the file as it was sent; it goes through a pipe and never lies on a disk in clear.
        moments_ms: of the clip, from its first frame; empty: `data` is a picture.

    Raises:
        CannotRedraw: it cannot be decoded.
    """
    words = ("clip", ",".join(map(str, moments_ms))) if moments_ms else ("picture",)
    command = [sys.executable, "-m", "verification.review.redrawing", *words]
    with _AT_ONCE:
        try:
            done = subprocess.run(
                command, cwd=_ROOT, input=data, capture_output=True, check=True, timeout=_LATEST_S
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise CannotRedraw("the file cannot be drawn anew: it may be damaged") from error
    return done.stdout
