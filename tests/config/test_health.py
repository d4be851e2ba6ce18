"""Ready only while databases, stores and warm workers are there; a store in trouble is a 503, no fault."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.conf import LazySettings
from django.test import Client

from config import pipeline
from config.environment import environment
from config.health import say_pipeline_is_warm
from verification.pipeline.workers import Pool

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def said() -> Iterator[Path]:
    """The file in which the pipeline says how warm it is."""
    file = environment().data / "pipeline.json"
    file.unlink(missing_ok=True)
    yield file
    file.unlink(missing_ok=True)


def _status() -> int:
    return int(Client().get("/readyz").status_code)


def test_a_product_with_warm_workers_is_ready(said: Path) -> None:
    say_pipeline_is_warm(environment().workers)

    assert _status() == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_only_asks(path: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_a_worker_short_or_a_pipeline_that_fell_silent_is_not_ready(said: Path) -> None:
    assert _status() == 503
    say_pipeline_is_warm(environment().workers - 1)
    assert _status() == 503
    said.write_text(json.dumps({"warm": environment().workers, "at_s": time.time() - 60}))
    assert _status() == 503


def test_an_evidence_folder_that_cannot_be_made_is_not_ready(
    said: Path, settings: LazySettings, tmp_path: Path
) -> None:
    say_pipeline_is_warm(environment().workers)
    (tmp_path / "evidence").write_text("no folder")
    cast("Any", settings).EVIDENCE_ROOT = tmp_path / "evidence"

    assert _status() == 503


def test_the_pipeline_says_that_it_is_warm_again_after_the_disk_was_full(
    said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_SAY_EVERY_S", 0.01)
    in_the_way, stop = said.with_suffix(".new"), threading.Event()
    in_the_way.mkdir()
    looks = cast("Pool", SimpleNamespace(warm=environment().workers))
    saying = threading.Thread(target=pipeline._keep_saying, args=(looks, stop))
    saying.start()
    time.sleep(0.1)
    assert not said.exists()

    in_the_way.rmdir()
    until_s = time.monotonic() + 5
    while not said.exists() and time.monotonic() < until_s:
        time.sleep(0.01)
    stop.set()
    saying.join()

    assert _status() == 200
