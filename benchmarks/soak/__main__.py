"""The long kill test: `python -m benchmarks.soak [--messages 10000] [--kills 200] [--quick] [--seed N]`.

A line of JSON a claim on standard output, what happens meanwhile on standard error; 1 when one is not met.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.claims import Claim, say
from benchmarks.soak.counting import at_least, claims, differing, missing
from benchmarks.soak.house import NotInTime, Servers
from benchmarks.soak.running import Run, Size, run
from deploy.servers.kafka import ClusterOptions, KafkaServer
from deploy.servers.postgres import PostgresServer

__all__ = ["main"]

_SHOWN = 20
_WHOLE, _QUICK = Size(10_000, 200), Size(600, 12)


def main() -> int:
    """Shake the house once and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--quick", action="store_true", help="a minute or two: 600 messages, 12 kills")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    asked = parser.parse_args()
    size = _QUICK if asked.quick else _WHOLE
    size = Size(asked.messages or size.messages, asked.kills or size.kills)
    _tell(f"seed {asked.seed}: {size.messages} messages, {size.kills} kills")
    with ExitStack() as stack:
        servers = _servers(stack)
        # What the processes logged stays where a run failed.
        folder = Path(tempfile.mkdtemp(prefix="vouch-soak-"))
        try:
            found = run(folder, servers, size, seed=asked.seed, say=_tell)
        except NotInTime as error:
            _tell(f"{error}\nthe logs are in {folder}")
            return 1
    return _conclude(found, size, folder)


def _servers(stack: ExitStack) -> Servers:
    """Start the servers, each in a folder that goes with it."""
    folders = [
        Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"vouch-{name}-")))
        for name in ("postgres", "kafka")
    ]
    postgres = stack.enter_context(PostgresServer(folders[0]))
    kafka = stack.enter_context(KafkaServer(folders[1], ClusterOptions(brokers=3)))
    return Servers(postgres, kafka)


def _conclude(found: Run, size: Size, folder: Path) -> int:
    said = [*claims(found.left), _kills(found, size), _seconds(found)]
    for claim in said:
        say(claim)
    if all(claim.met for claim in said):
        shutil.rmtree(folder)
        return 0
    lost, unlike = missing(found.left), [(fact.position, fact.id) for fact in differing(found.left)]
    _tell(f"seed {found.seed}: {len(lost)} messages are missing: {lost[:_SHOWN]}")
    _tell(f"{len(unlike)} events, by position, are not on both sides: {unlike[:_SHOWN]}")
    _tell(f"the logs are in {folder}")
    return 1


def _kills(found: Run, size: Size) -> Claim:
    beside = {f"missed: {moment}": count for moment, count in found.missed.items()}
    beside["brokers made silent"] = found.silences
    beside["times the service left Kafka for the door"] = found.turns
    beside["times Kafka shut the service out"] = found.shut_out
    kills = found.kills.total()
    return at_least(size.kills, "kills", kills, kills, {**found.kills, **beside})


def _seconds(found: Run) -> Claim:
    took_s = round(found.seconds, 1)
    return Claim(
        claim="from the first start until all is at rest",
        value=took_s,
        unit="s",
        target=0,
        met=True,
        n=1,
        low=took_s,
        high=took_s,
    )


def _tell(line: str) -> None:
    print(f"soak: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
