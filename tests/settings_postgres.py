"""Django's settings for the suite on PostgreSQL: `pytest --ds=tests.settings_postgres tests/contracts`.

Without $VOUCH_DATABASE_URL a server is started for the run, and ends with it.
"""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack

if "VOUCH_DATABASE_URL" not in os.environ:
    from tests.servers.running import running_postgres

    _running = ExitStack()
    atexit.register(_running.close)
    os.environ["VOUCH_DATABASE_URL"] = _running.enter_context(running_postgres()).url("vouch")

from tests.settings import *  # noqa: F403 - only now: it reads VOUCH_DATABASE_URL
