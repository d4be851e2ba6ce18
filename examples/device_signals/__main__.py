"""Follows the topic until Ctrl-C: `python -m examples.device_signals FILE`.

`--risk` says instead what its window may get wrong.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from examples.device_signals.signals import Signals
from subscriber.kafka import kafka_settings


def main() -> None:
    """Run, or say the risk."""
    parser = argparse.ArgumentParser(prog="python -m examples.device_signals", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--risk", action="store_true")
    asked = parser.parse_args()
    signals = Signals(asked.file)
    if asked.risk:
        print(signals.window.risk())
        return
    settings = kafka_settings(os.environ)
    if settings is None:
        parser.error("VOUCH_KAFKA names no cluster")
    topic = signals.follow(settings)
    while True:
        topic.step(signals.hear)


if __name__ == "__main__":
    main()
