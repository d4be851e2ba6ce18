"""The service's commands: `python -m examples.legacy.welcome run`, `compare`, `lag`, `replay` and others."""

from __future__ import annotations

import sys

from examples.legacy.language.streams import STREAMS
from examples.legacy.welcome.service import SPEC
from protocol.catalogue import use
from subscriber.serving import main

if __name__ == "__main__":
    use(STREAMS)
    sys.exit(main(SPEC, __doc__))
