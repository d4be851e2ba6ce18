"""The service's commands: `python -m consumers.audit run`, `lag`, `key`, `export`, `verify`, `who`."""

from __future__ import annotations

import sys

from consumers.audit.service import SPEC
from subscriber.serving import main

if __name__ == "__main__":
    sys.exit(main(SPEC, __doc__))
