"""One step of the pipeline shared by 1, 2 and 4 processes as a consumer group: pictures a second.

`python -m benchmarks.step_group [--pictures 96]`. Each process has one vision worker, so more of them help as
long as the machine has cores; beyond that the figure shows what sharing costs.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from benchmarks.claims import Claim, say
from benchmarks.step_world import StepWorld
from deploy.servers.kafka import KafkaServer

__all__ = ["main"]

_WORKERS = (1, 2, 4)


def main() -> None:
    """Measure each number of processes on an installation of its own, on one broker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=96)
    pictures = parser.parse_args().pictures
    with tempfile.TemporaryDirectory(prefix="vouch-steps-") as folder:
        rates = {n: _measure(Path(folder) / str(n), n, pictures) for n in _WORKERS}
    cores = len(os.sched_getaffinity(0))
    best = rates[max(n for n in _WORKERS if n <= cores)] / rates[1]
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f} at the end")
    for n, rate in rates.items():
        print(f"{n} processes: {rate:.1f} pictures/s")
    say(
        Claim(
            claim=f"a step shared by as many processes as cores ({cores}), of those measured, to one",
            value=best,
            unit="times",
            target=1.3,
            met=best >= 1.3,
            n=pictures,
            low=best,
            high=best,
            against={f"{n} processes, pictures/s": rate for n, rate in rates.items()},
        )
    )


def _measure(folder: Path, workers: int, pictures: int) -> float:
    """Warm the processes with as many pictures as there are partitions, then take the time of the others."""
    folder.mkdir()
    with KafkaServer(folder / "kafka") as kafka, StepWorld(folder / "data", kafka) as world:
        world.add_pictures(16)
        for _ in range(workers):
            world.add_worker()
        world.wait(16)
        _rest(world)
        world.add_pictures(pictures)
        began_s = time.monotonic()
        already = len(world.classified())
        world.wait(16 + pictures, within_s=600)
        return (16 + pictures - already) / (time.monotonic() - began_s)


def _rest(world: StepWorld) -> None:
    """Wait until partitions have stopped changing hands."""
    before: dict[int, int] = {}
    while (now := world.shares()) != before:
        before = now
        time.sleep(8)


if __name__ == "__main__":
    main()
