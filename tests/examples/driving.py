"""Opens a case in a product of this folder, and waits until a service beside it has noted it.

`python -m tests.examples.driving NAME`, for a service made of `examples/letters`. Exit code 0: it has.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tests.journeys.house import running_product

_PATIENCE_S = 60


def main(name: str) -> int:
    """Run the product, its services and the case."""
    with running_product() as house:
        case = house.company("Betting Ltd").open().case
        command = [sys.executable, "-m", f"consumers.{name}", "opened"]
        environment = {**os.environ, "VOUCH_DATA": str(house.served.data)}
        until_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until_s:
            done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
            if case in done.stdout:
                return 0
            time.sleep(0.5)
    print(f"{name} has not noted {case} within {_PATIENCE_S} s", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
