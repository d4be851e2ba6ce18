"""The service's commands, `python -m consumers.early_warning run`; its own are `now` and `again`."""

from __future__ import annotations

import sys

from consumers.early_warning.service import SPEC
from subscriber.serving import main

if __name__ == "__main__":
    sys.exit(main(SPEC, __doc__))
