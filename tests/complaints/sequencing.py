"""The sequencer by itself, to be killed: `python -m tests.complaints.sequencing URL`."""

from __future__ import annotations

import sys
import threading

from events.sequencer import Sequencer

if __name__ == "__main__":
    Sequencer(sys.argv[1]).run(threading.Event())
