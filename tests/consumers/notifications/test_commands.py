"""The service as a process: it waits, it stops, its commands say what there is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.consumers.notifications.test_dsn import report


def command(folder: Path, *words: str, **variables: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "consumers.notifications", *words],
        env={**os.environ, "VOUCH_DATA": str(folder), **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(running: subprocess.Popen[bytes], given: bytes = b"") -> tuple[int, str, str]:
    with running:
        said, complaint = running.communicate(given, timeout=20)
    return running.returncode, said.decode(), complaint.decode()


def test_it_waits_for_the_product_and_stops_when_asked(tmp_path: Path) -> None:
    with command(tmp_path, "run") as running:
        line = running.stderr.readline() if running.stderr else b""
        running.send_signal(signal.SIGTERM)
        code = running.wait(timeout=10)

    assert b"waits for the product" in line
    assert code == 0


def test_a_wrong_setting_is_told_by_its_name(tmp_path: Path) -> None:
    code, _, complaint = ended(command(tmp_path, "replay", VOUCH_SMTP_URL="http://x"))

    assert (code, complaint.count("\n")) == (1, 1)
    assert "VOUCH_SMTP_URL" in complaint


def test_a_new_service_holds_nothing(tmp_path: Path) -> None:
    code, said, _ = ended(command(tmp_path, "held"))

    assert (code, said) == (0, "0 messages of which nobody knows whether they arrived\n")


def test_a_notification_that_nobody_waits_for_is_told_apart(tmp_path: Path) -> None:
    code, _, complaint = ended(command(tmp_path, "bounce"), report())

    assert (code, complaint) == (1, "notifications: it names no message of ours\n")
    assert ended(command(tmp_path, "bounce"), report(action=b"delayed"))[:2] == (
        0,
        "nothing has come back for good\n",
    )


def test_the_service_needs_neither_django_nor_the_monolith() -> None:
    code = (
        "import consumers.notifications.__main__, sys; "
        "print(sorted({'django', 'events', 'verification', 'access'} & set(sys.modules)))"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout == "[]\n"
