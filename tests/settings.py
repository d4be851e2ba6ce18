"""Django's settings for the suite: the product's own, with all state in a folder that goes with the run.

Django reads its settings before any `conftest.py`, so the folder is made here. A process that a test starts
inherits the folder, or is given one of its own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

# Of tests that run side by side, each process has a folder of its own.
if "VOUCH_DATA" not in os.environ or "PYTEST_XDIST_WORKER" in os.environ:
    _folder = tempfile.mkdtemp(prefix="vouch-tests-")
    os.environ["VOUCH_DATA"] = _folder
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)

from config.settings import *  # noqa: F403 - only now: it reads VOUCH_DATA
