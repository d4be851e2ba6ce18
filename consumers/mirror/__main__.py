"""The mirror's commands: `python -m consumers.mirror run`, or `position [CURSOR]` to show or set it."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing

from consumers.mirror.checkpoint import Checkpoint
from consumers.mirror.publishing import NotPublished
from consumers.mirror.running import run
from consumers.mirror.settings import Settings, WrongSetting, settings_from
from subscriber import StoreAway, open_store, stop_on_signals
from vouch_feed import FeedError, Position

__all__ = ["main"]


def main() -> int:
    """Run one command; 0: done, 1: it cannot be done now, 2: the settings are wrong; with the reason."""
    asked = _parser().parse_args()
    try:
        settings = settings_from()
        if asked.command == "run":
            run(settings, stop_on_signals())
        else:
            _place(settings, asked.cursor)
    except WrongSetting as error:
        return _complain(error, 2)
    except (FeedError, NotPublished, StoreAway) as error:
        return _complain(error, 1)
    return 0


def _place(settings: Settings, cursor: Position | None) -> None:
    with closing(open_store(settings.database)) as store:
        checkpoint = Checkpoint(store, settings.topic)
        if cursor is not None:
            checkpoint.write(cursor)
        print(checkpoint.read() or "nothing was mirrored yet")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m consumers.mirror", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="mirror until told to stop")
    place = commands.add_parser("position", help="show the checkpoint, or set it while nothing runs")
    place.add_argument("cursor", nargs="?", type=Position.parse)
    return parser


def _complain(error: Exception, code: int) -> int:
    print(f"mirror: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
