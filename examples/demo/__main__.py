"""`make demo`: starts the product, plays its cases, prints every record as it arrives, then keeps serving."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from config.services import beside
from examples.demo.cases import CASES, Case, fresh_seed, register_rows
from examples.demo.following import Arrived, Follower
from examples.demo.playing import Played, Stage, play
from examples.demo.serving import NotReady, Served, serve

_CLIENT = "Demonstration Ltd"


@dataclass(slots=True)
class _Screen:
    """Prints records with the time since the first upload of the case that is playing."""

    since_s: float = 0.0

    def uploaded(self, at_s: float) -> None:
        """Count from the first upload's last byte."""
        self.since_s = self.since_s or at_s

    def show(self, arrived: Arrived) -> None:
        """Print one record on one line."""
        at = f"{(arrived.at_s - self.since_s) * 1000:6.0f} ms" if self.since_s else "         "
        print(f"  {at}  #{arrived.record['number']:<4} {arrived.kind:<9} {_words(arrived)}", flush=True)


def _words(arrived: Arrived) -> str:
    """Say what a record tells, in a line."""
    data = arrived.data
    if arrived.kind == "check":
        reasons = data.get("reasons")
        codes = ", ".join(r["code"] for r in reasons) if isinstance(reasons, list) else ""
        return f"{data['check']}: {data['status']}{f' ({codes})' if codes else ''}"
    if arrived.kind == "decision":
        missing = data.get("missing")
        waiting = f", waiting for {', '.join(missing)}" if isinstance(missing, list) and missing else ""
        return f"{data['outcome']} ({data['state']}{waiting})"
    if arrived.kind == "partial":
        return f"{data['fact']} = {json.dumps(data['value']) if 'value' in data else '(not shown)'}"
    return ", ".join(f"{name} {value}" for name, value in data.items())


def _play(number: int, case: Case, served: Served, stage: Stage, screen: _Screen) -> str:
    """Play one case and say what was wrong with it; empty: nothing."""
    print(f"\n{number}. {case.headline}", flush=True)
    screen.since_s = 0.0
    served.wait_until_ready()
    played = play(case.script(fresh_seed()), stage)
    fault = case.fault(played)
    print(
        f"  {'as it should be' if not fault else 'NOT AS IT SHOULD BE: ' + fault}{_took(played)}", flush=True
    )
    return fault


def _took(played: Played) -> str:
    if played.decision is None:
        return ""
    return f"; decided {(played.decision.at_s - played.last_upload_s) * 1000:.0f} ms after the last upload"


def _prepare(data: Path) -> None:
    (data / "register.json").write_text(json.dumps({"licences": register_rows(), "fault": None}))


def _tell_where(served: Served) -> None:
    reviewer = served.add_reviewer()
    key = served.add_client("Yours to try")
    print(f"\nThe product goes on at {served.url}; Ctrl-C ends it.")
    print(f"  back office   {served.url}/admin/   {reviewer.name} / {reviewer.password}")
    print(f"  the contract  {served.url}/v1/openapi.json, the events {served.url}/catalogue/")
    print(f"  your feed     curl -N -H 'Authorization: Bearer {key}' {served.url}/v1/feed?from=earliest")


def main() -> int:
    """Play every case; 0 when each came out as it should."""
    once = os.environ.get("ONCE") == "1"
    port = int(os.environ.get("PORT", "8000"))
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vouch-demo-") as folder:
        data = Path(folder)
        _prepare(data)
        services = ", ".join(one.name for one in beside())
        print(
            f"Starting web, pipeline with its vision workers, feed, register, and beside them {services}…",
            flush=True,
        )
        with serve(data, port) as served:
            print(f"Ready after {time.monotonic() - began_s:.1f} s on {served.url}", flush=True)
            screen, key = _Screen(), served.add_client(_CLIENT)
            with Follower(served.url, key, screen.show) as follower:
                stage = Stage(served.url, key, follower, screen.uploaded)
                faults = [_play(n, case, served, stage, screen) for n, case in enumerate(CASES, 1)]
            good = not any(faults)
            print(
                f"\n{'All cases came out as they should.' if good else 'Some cases did not come out right.'}"
            )
            if not once:
                _tell_where(served)
                threading.Event().wait()
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotReady as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
