"""The service's commands, `python -m consumers.fraud run`; its own is `found`."""

from __future__ import annotations

import sys

from consumers.fraud.service import SPEC
from subscriber.serving import main

if __name__ == "__main__":
    sys.exit(main(SPEC, __doc__))
