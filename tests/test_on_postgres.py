"""The suite runs on SQLite; these parts of it run once more, on PostgreSQL, each in a run of its own.

By hand: `pytest --ds=tests.settings_postgres tests/contracts`. A failure here shows that run's own report.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from config.environment import ROOT
from deploy.servers.postgres import PostgresServer
from tests.sequencing import on_postgres

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(on_postgres(), reason="this is that run"),
]
# What users of other event stores complained of, where it is the database that could be at fault.
_OF_DATABASES = (
    "first_start",
    "kills",
    "many_writers",
    "numbering",
    "order",
    "quarantine",
    "storage",
    "units",
)
# The contracts first: what they find explains what the rooms' suites find. Of those rooms the parts that meet
# the database most; all of `tests/verification` and `tests/streaming` take minutes more, and run by hand.
_PARTS = (
    ("contracts",),
    tuple(f"complaints/test_{name}.py" for name in _OF_DATABASES),
    ("events", "access"),
    (
        "verification/test_cases.py",
        "verification/test_at_once.py",
        "verification/rescoring",
        "streaming/reading",
        "streaming/deliveries/test_log.py",
        "streaming/deliveries/test_away.py",
        "streaming/deliveries/test_lost.py",
        "streaming/following/test_standing.py",
        "streaming/following/test_subscriptions.py",
    ),
    (
        "streaming/writing/test_retention.py",
        "streaming/writing/test_versions.py",
        "streaming/following/test_gaps.py",
    ),
)


Run = Future[subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, postgres: PostgresServer) -> Iterator[Mapping[str, Run]]:
    """Begin the parts that were asked for, two at a time: most of what they do is wait."""
    here = [item for item in request.session.items if item.path == request.path]
    asked = {
        name for item in here if isinstance(item, pytest.Function) for name in item.callspec.params.values()
    }
    with ThreadPoolExecutor(2) as threads:
        yield {p[0]: threads.submit(_run, n, p, postgres) for n, p in enumerate(_PARTS) if p[0] in asked}


@pytest.mark.parametrize("part", [parts[0] for parts in _PARTS])
def test_on_postgresql_the_same_suite_passes_of(part: str, runs: Mapping[str, Run]) -> None:
    done = runs[part].result()

    assert done.returncode == 0, f"ON POSTGRESQL {part} failed:\n{done.stdout[-8000:]}"


def _run(number: int, parts: Sequence[str], postgres: PostgresServer) -> subprocess.CompletedProcess[str]:
    folders = [f"tests/{part}" for part in parts]
    with tempfile.TemporaryDirectory(prefix="vouch-tests-") as data:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--tb=short", "--ds=tests.settings_postgres", *folders],
            cwd=ROOT,
            env={**os.environ, "VOUCH_DATA": data, "VOUCH_DATABASE_URL": postgres.url(f"vouch_{number}")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
