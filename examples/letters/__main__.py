"""The service's commands, `python -m examples.letters run`; its own is `opened`."""

from __future__ import annotations

import sys

from examples.letters.service import SPEC
from subscriber.serving import main

if __name__ == "__main__":
    sys.exit(main(SPEC, __doc__))
