"""Judges one uploaded file by its content: what it is, how large, and whether it can be decoded.

Runs as a process of its own (`python -m verification.decoding`), which a hostile file may kill: its memory is
bounded, and an alarm of the kernel's ends it when one file takes too long. It reads one request a line,
`{"path", "kind"}`, and answers each with one line: `{"ok": true, ...}` or `{"ok": false, "code", "detail"}`.
Limits: the public contract (API.md, Submitting).
"""

from __future__ import annotations

import json
import resource
import signal
import struct
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

import av
from av.error import FFmpegError
from PIL import Image

from verification.uploads import Inspected, Refusal, size_limit

__all__ = ["DEADLINE_S", "judge"]

DEADLINE_S = 5.0

_MOST_PIXELS = 50_000_000
_LONGEST_SIDE_PX = 1920
_SHORTEST_MS = 1000
_LONGEST_MS = 15_000
# Two decoded 50 MP pictures of four channels, and room for the libraries; measured use: see the tests.
_MEMORY_BYTES = 2 << 30
# EXIF 2.32, tag 0x0112: from 5 on, the picture lies on its side.
_ORIENTATION = 0x0112
_FIRST_SIDEWAYS = 5

_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_CONTAINERS = {"video/webm": "matroska", "video/mp4": "mov", "video/quicktime": "mov"}
# ISO/IEC 14496-12 §4.3: brands of still pictures in the same container (HEIF, AVIF).
_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"hevc")


def judge(path: Path, kind: str) -> Inspected | Refusal:
    """Judge a file by its content; its name is never looked at."""
    with path.open("rb") as file:
        head = file.read(64)
    size = path.stat().st_size
    if size > size_limit(kind):
        return Refusal("too_large", f"the file has {size} bytes; send at most {size_limit(kind)}")
    if not head:
        return Refusal("unreadable", "the file is empty")
    media_type = _media_type(head)
    wanted = _CONTAINERS if kind == "face_video" else _FORMATS
    if media_type not in wanted:
        names = "MP4, WebM or MOV" if kind == "face_video" else "JPEG, PNG or WebP"
        return Refusal("unsupported_media", f"the content is no {names}, which {kind} takes")
    return _clip(path, media_type) if kind == "face_video" else _picture(path, media_type)


def _media_type(head: bytes) -> str:
    """Name what the first bytes promise; empty: nothing we take."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm"
    return _boxed(head)


def _boxed(head: bytes) -> str:
    if head[4:8] != b"ftyp" or head[8:12] in _STILL_BRANDS:
        return ""
    return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"


def _picture(path: Path, media_type: str) -> Inspected | Refusal:
    try:
        with Image.open(path, formats=[_FORMATS[media_type]]) as picture:
            width_px, height_px = picture.size
            if width_px * height_px > _MOST_PIXELS:
                return Refusal("too_many_pixels", f"{width_px} x {height_px} pixels; send at most 50 million")
            # An eighth of the size: every byte is still decoded, most of the arithmetic is not.
            picture.draft("L", (width_px // 8, height_px // 8))
            picture.load()
            sideways = _sideways(picture)
    except (OSError, ValueError, SyntaxError, TypeError, IndexError, EOFError, MemoryError, ArithmeticError):
        return Refusal("unreadable", "the picture cannot be decoded; send the file as the camera made it")
    if sideways:
        width_px, height_px = height_px, width_px
    return Inspected(media_type=media_type, width_px=width_px, height_px=height_px)


def _sideways(picture: Image.Image) -> bool:
    """Tell whether the camera lay on its side; what is no EXIF says nothing."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1)) >= _FIRST_SIDEWAYS
    except (SyntaxError, ValueError, TypeError, struct.error):
        return False


def _clip(path: Path, media_type: str) -> Inspected | Refusal:
    try:
        with av.open(str(path), format=_CONTAINERS[media_type]) as container:
            return _of_container(container, media_type)
    except (FFmpegError, ValueError, MemoryError, IndexError):
        return Refusal("unreadable", "the clip cannot be decoded; send the file as the camera made it")


def _of_container(container: av.container.InputContainer, media_type: str) -> Inspected | Refusal:
    if not container.streams.video:
        return Refusal("unreadable", "the file has no pictures; send a clip from the camera")
    stream = container.streams.video[0]
    width_px, height_px = stream.codec_context.width, stream.codec_context.height
    if max(width_px, height_px) > _LONGEST_SIDE_PX:
        return Refusal("too_many_pixels", f"{width_px} x {height_px}; send at most {_LONGEST_SIDE_PX} a side")
    frame = next(container.decode(stream), None)
    if frame is None:
        return Refusal("unreadable", "no picture of the clip can be decoded")
    container.seek(0)
    duration_ms = _duration_ms(container, stream)
    if duration_ms < _SHORTEST_MS:
        return Refusal("too_short", f"the clip lasts {duration_ms} ms; record at least {_SHORTEST_MS}")
    if duration_ms > _LONGEST_MS:
        return Refusal("too_long", f"the clip lasts {duration_ms} ms; record at most {_LONGEST_MS}")
    if frame.rotation % 180:
        width_px, height_px = height_px, width_px
    return Inspected(media_type=media_type, width_px=width_px, height_px=height_px, duration_ms=duration_ms)


def _duration_ms(container: av.container.InputContainer, stream: av.VideoStream) -> int:
    """Measure from the first picture's beginning to the last one's end.

    A WebM from a browser states no duration, and a clip of 5 s at 30 pictures a second begins its last one at
    4.967 s: that one is taken to last as long as the others do on average.
    """
    moments = [packet.pts for packet in container.demux(stream) if packet.pts is not None]
    if len(moments) < 2 or stream.time_base is None:
        return 0
    pictures = len(moments) / (len(moments) - 1)
    return round((max(moments) - min(moments)) * stream.time_base * 1000 * pictures)


def _serve() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The kernel's own answer to the alarm is death, also in the middle of a decoder's loop.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    Image.MAX_IMAGE_PIXELS = None
    warnings.simplefilter("ignore")
    av.logging.set_level(av.logging.PANIC)
    for line in sys.stdin:
        asked = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, DEADLINE_S)
        found = judge(Path(asked["path"]), asked["kind"])
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.write(json.dumps({"ok": isinstance(found, Inspected), **asdict(found)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
