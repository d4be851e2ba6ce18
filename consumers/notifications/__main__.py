"""The service's commands: `run`, `lag`, `replay`, `dead-letters`; `held`, `settle`, `bounce`."""

from __future__ import annotations

import sys

from consumers.notifications.service import SPEC
from subscriber.serving import main

if __name__ == "__main__":
    sys.exit(main(SPEC, __doc__))
