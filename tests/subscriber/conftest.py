"""Fixtures of the runtime's tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subscriber import Runner
from tests.subscriber.makers import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.store.close()


@pytest.fixture
def settle() -> Callable[[Runner], None]:
    """Steps until nothing has moved for longer than a retry rests."""

    def run(runner: Runner, quiet_s: float = 0.15) -> None:
        quiet_until = time.monotonic() + quiet_s
        while time.monotonic() < quiet_until:
            if runner.step():
                quiet_until = time.monotonic() + quiet_s
            time.sleep(0.005)

    return run
