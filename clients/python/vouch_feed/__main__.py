"""Follows a feed on the command line: prints each record's frame as the line it came as."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from vouch_feed.checkpoint import read_checkpoint, write_checkpoint
from vouch_feed.errors import EpochChanged, FeedError, Hole, InTheFuture, TooOld, UnsafeTransport
from vouch_feed.follower import Follower
from vouch_feed.frames import Record
from vouch_feed.position import Position
from vouch_feed.wish import Settings, Wish

__all__ = ["main"]

_USAGE, _POSITION, _REFUSED = 2, 3, 4
_PLACES: Final = (TooOld, EpochChanged, InTheFuture, Hole)


def main() -> int:
    """Follow until the end of the wish or a signal; gives the exit code."""
    parser = _parser()
    asked = parser.parse_args()
    try:
        wish = _wish(asked)
        follower = Follower(asked.url, _key(), wish, _settings(asked))
    except (ValueError, UnsafeTransport) as error:
        return _complain(error, _USAGE)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: follower.stop())
    code = _follow(follower, asked.checkpoint)
    if asked.metrics:
        print(follower.metrics.line(), file=sys.stderr)
    return code


def _follow(follower: Follower, checkpoint: Path | None) -> int:
    def hand_on(record: Record, position: Position) -> None:
        sys.stdout.buffer.write(record.line + b"\n")
        sys.stdout.buffer.flush()
        if checkpoint is not None:
            write_checkpoint(checkpoint, position)

    try:
        follower.run(hand_on)
    except BrokenPipeError:
        # Whoever read along has had enough; the interpreter must not try to write the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UnsafeTransport as error:
        return _complain(error, _USAGE)
    except FeedError as error:
        return _complain(error, _POSITION if isinstance(error, _PLACES) else _REFUSED)
    return 0


def _wish(asked: argparse.Namespace) -> Wish:
    partition = tuple(int(part) for part in asked.partition.split("/")) if asked.partition else None
    if partition is not None and len(partition) != 2:
        raise ValueError("a partition is written i/n")
    wish = Wish(
        from_=int(asked.from_) if asked.from_ and asked.from_.isdigit() else asked.from_,
        after=Position.parse(asked.after) if asked.after else None,
        case=asked.case,
        partition=(partition[0], partition[1]) if partition else None,
        kinds=tuple(asked.kinds.split(",")) if asked.kinds else (),
        subscription=asked.subscription,
        limit=asked.limit,
        until_caught_up=asked.until is not None,
        wait_s=asked.wait,
    )
    found = read_checkpoint(asked.checkpoint) if asked.checkpoint else None
    return wish if found is None else replace(wish, from_=None, after=found)


def _settings(asked: argparse.Namespace) -> Settings:
    def moved(position: Position) -> None:
        if asked.checkpoint is not None:
            write_checkpoint(asked.checkpoint, position)

    return Settings(ca_file=asked.ca, longest_wait_s=asked.longest_wait, on_position=moved)


def _key() -> str:
    key = os.environ.get("VOUCH_KEY", "")
    if not key:
        raise ValueError("VOUCH_KEY holds no key: put one into the environment")
    return key


def _complain(error: Exception, code: int) -> int:
    print(f"vouch-follow: {error}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vouch-follow", description=__doc__, allow_abbrev=False)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the server; the key is $VOUCH_KEY")
    parser.add_argument(
        "--from", dest="from_", metavar="N", help="first record: a number, earliest or latest"
    )
    parser.add_argument("--after", metavar="CURSOR", help="the last record passed")
    parser.add_argument("--case", default="", metavar="ID")
    parser.add_argument("--partition", metavar="i/n")
    parser.add_argument("--kinds", metavar="a,b")
    parser.add_argument("--subscription", default="", metavar="NAME")
    parser.add_argument("--limit", type=int, metavar="N", help="end after so many records")
    parser.add_argument("--until", choices=["caught_up"])
    parser.add_argument("--wait", type=int, metavar="S", help="end after so many seconds without a record")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="a private authority, PEM")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="go on after it, and keep it")
    parser.add_argument("--longest-wait", type=float, default=30.0, metavar="S")
    parser.add_argument("--metrics", action="store_true", help="at the end, a line of JSON on standard error")
    return parser


if __name__ == "__main__":
    sys.exit(main())
