"""The TypeScript client's own tests, by its own test runner."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_the_typescript_clients_own_tests_pass_and_its_pages_part_needs_no_node(typescript: Path) -> None:
    done = subprocess.run(
        ["npm", "test", "--silent"], cwd=typescript, capture_output=True, text=True, timeout=240, check=False
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    counted = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE) or re.search(r"pass (\d+)", done.stdout)
    assert counted is not None, done.stdout
    assert int(counted[1]) >= 30
