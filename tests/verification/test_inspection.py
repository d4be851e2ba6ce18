"""Uploads judged by their content, by a process that may die."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verification.files import clip, picture, png_bomb
from verification.decoding import judge
from verification.inspection import Inspector
from verification.uploads import Inspected, Refusal

DATA = Path(os.environ.get("VOUCH_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture(scope="module")
def inspector() -> Iterator[Inspector]:
    inspector = Inspector()
    yield inspector
    inspector.close()


def _code(found: Inspected | Refusal) -> str:
    return found.code if isinstance(found, Refusal) else found.media_type


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_known_by_its_content_not_its_name(
    inspector: Inspector, tmp_path: Path, kind: str
) -> None:
    found = inspector.inspect(picture(tmp_path / "holiday.txt", kind=kind), "document_front")
    assert found == Inspected(media_type=f"image/{kind.lower()}", width_px=64, height_px=48)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_measured_upright(tmp_path: Path, orientation: int) -> None:
    found = judge(picture(tmp_path / "a.jpg", orientation=orientation), "document_front")
    assert isinstance(found, Inspected)
    assert (found.width_px, found.height_px) == ((64, 48) if orientation < 5 else (48, 64))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "unreadable"),
        (b"just some text, named .jpg", "unsupported_media"),
        (b"GIF89a", "unsupported_media"),
    ],
)
def test_what_is_no_picture_is_refused_by_what_it_is(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert _code(judge(path, "document_front")) == code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_picture_is_unreadable(inspector: Inspector, tmp_path: Path, kind: str) -> None:
    path = picture(tmp_path / "a", kind=kind, size=(400, 300))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert _code(inspector.inspect(path, "document_front")) == "unreadable"


def test_a_bomb_is_refused_by_its_header_before_anything_is_decoded(
    inspector: Inspector, tmp_path: Path
) -> None:
    assert _code(inspector.inspect(png_bomb(tmp_path / "bomb.png"), "document_front")) == "too_many_pixels"


def test_a_bomb_just_below_the_limit_of_pixels_is_unreadable(inspector: Inspector, tmp_path: Path) -> None:
    bomb = png_bomb(tmp_path / "bomb.png", side_px=7000)
    assert _code(inspector.inspect(bomb, "document_front")) == "unreadable"


@pytest.mark.parametrize(
    ("kind", "media"), [("mp4", "video/mp4"), ("mov", "video/quicktime"), ("webm", "video/webm")]
)
def test_a_clip_is_measured_by_its_own_time_stamps(tmp_path: Path, kind: str, media: str) -> None:
    found = judge(clip(tmp_path / "a", kind=kind), "face_video")
    assert found == Inspected(media_type=media, width_px=64, height_px=48, duration_ms=5200)


@pytest.mark.parametrize(
    ("seconds", "size", "code"),
    [
        (0.1, (64, 48), "too_short"),
        (0.9, (64, 48), "too_short"),
        (16, (64, 48), "too_long"),
        (2, (1936, 48), "too_many_pixels"),
    ],
)
def test_a_clip_beyond_a_limit_is_refused(
    tmp_path: Path, seconds: float, size: tuple[int, int], code: str
) -> None:
    assert _code(judge(clip(tmp_path / "a.mp4", seconds=seconds, size=size), "face_video")) == code


def test_pictures_and_clips_are_not_taken_for_each_other(tmp_path: Path) -> None:
    assert _code(judge(picture(tmp_path / "a.jpg"), "face_video")) == "unsupported_media"
    assert _code(judge(clip(tmp_path / "a.mp4"), "face_photo")) == "unsupported_media"


def test_a_truncated_clip_is_unreadable(inspector: Inspector, tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[:200])
    assert _code(inspector.inspect(path, "face_video")) == "unreadable"


def test_a_file_over_the_limit_of_bytes_is_never_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.truncate(25_000_001)
    assert _code(judge(path, "document_front")) == "too_large"


def test_a_process_that_died_is_replaced_before_the_next_file(tmp_path: Path) -> None:
    inspector, path = Inspector(), picture(tmp_path / "a.jpg")
    inspector.inspect(path, "document_front")
    first = inspector.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert _code(inspector.inspect(path, "document_front")) == "image/jpeg"
    assert inspector.pid != first
    inspector.close()


@pytest.mark.slow
def test_a_file_that_never_ends_is_unreadable_and_the_process_is_replaced(tmp_path: Path) -> None:
    inspector, pipe = Inspector(), tmp_path / "pipe"
    os.mkfifo(pipe)
    assert _code(inspector.inspect(pipe, "document_front")) == "unreadable"
    assert _code(inspector.inspect(picture(tmp_path / "a.jpg"), "document_front")) == "image/jpeg"
    inspector.close()


@given(place=st.integers(0, 2000), byte=st.integers(0, 255), kind=st.sampled_from(["JPEG", "PNG", "WEBP"]))
@settings(max_examples=60, deadline=None)
def test_a_damaged_picture_gets_an_answer_and_no_crash(
    inspector: Inspector, tmp_path_factory: pytest.TempPathFactory, place: int, byte: int, kind: str
) -> None:
    path = picture(tmp_path_factory.mktemp("damaged") / "a", kind=kind)
    inspector.inspect(path, "document_front")
    damaged = bytearray(path.read_bytes())
    damaged[place % len(damaged)] = byte
    path.write_bytes(damaged)
    before = inspector.pid
    assert _code(inspector.inspect(path, "document_front"))
    assert inspector.pid == before


@pytest.mark.real_data
def test_every_hostile_file_gets_an_answer_and_every_turned_one_is_accepted(inspector: Inspector) -> None:
    if not (DATA / "uploads.csv").exists():
        pytest.skip(f"no pictures in {DATA}")
    with (DATA / "uploads.csv").open(newline="") as lines:
        names = [row["file"] for row in csv.DictReader(lines)]
    found = {name: inspector.inspect(DATA / name, "document_front") for name in names}
    turned = [name for name in names if name.startswith("orientation/")]
    assert all(isinstance(found[name], Inspected) for name in turned)


@pytest.mark.slow
def test_a_process_that_takes_uploads_loads_no_decoder() -> None:
    """What a hostile file can break is not in the web process; and 25 MiB less in every one."""
    decoders = ("av", "PIL", "numpy", "cv2", "skimage")
    program = (
        "import django, sys; django.setup(); import config.asgi, config.urls; "
        f"print(*[name for name in {decoders} if name in sys.modules])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}

    loaded = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )

    assert (loaded.returncode, loaded.stdout.strip()) == (0, ""), loaded.stderr
