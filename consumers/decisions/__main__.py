"""The service's commands: `python -m consumers.decisions run`; its own are `backtest` and `exposure`."""

from __future__ import annotations

import sys

from consumers.decisions.service import SPEC
from subscriber.serving import main

if __name__ == "__main__":
    sys.exit(main(SPEC, __doc__))
