"""Settings that hold for every test: state in a folder of its own, made before Django reads its settings."""

from __future__ import annotations

import os
import tempfile

os.environ["VOUCH_DATA"] = tempfile.mkdtemp(prefix="vouch-tests-")
