"""Killed at any moment under load, the service sends each message once, or says that nobody knows."""

from __future__ import annotations

import random
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.consumers.door import door, write_run_file
from tests.consumers.journal import MemoryJournal
from tests.consumers.killing import running
from tests.consumers.notifications.histories import KEY, START, SUBMITTED, event, opened
from tests.consumers.notifications.mail import MailServer, mail_server
from tests.consumers.notifications.office import TELLS, wait_until

_CASES, _KILLS = 80, 4


def sending(folder: Path, server: MailServer, doubt: str) -> AbstractContextManager[None]:
    variables = {
        "VOUCH_SMTP_URL": f"smtp+plain://127.0.0.1:{server.port}",
        "VOUCH_NOTIFICATIONS_SENDER": "no-reply@vouch.example",
        "VOUCH_NOTIFICATIONS_SINCE": "2026-01-01",
        "VOUCH_NOTIFICATIONS_DOUBT_EMAIL": doubt,
    }
    return running("notifications", folder, **variables)


def cases() -> MemoryJournal:
    now_s = (datetime.now(UTC) - START).total_seconds()
    names = [f"case-{n}" for n in range(_CASES)]
    first = [opened(case=case, at_s=now_s) for case in names]
    return MemoryJournal([*first, *(event(SUBMITTED, case=case, at_s=now_s) for case in names)])


def ends(journal: MemoryJournal) -> dict[str, str]:
    """Give the last word on each case: Sent, Held, or whatever it stands at."""
    last = {f"case-{n}": "" for n in range(_CASES)}
    for record in journal.records[2 * _CASES :]:
        last[record.subject] = record.type.rpartition(".")[2].removeprefix("Message")
    return last


def settled(journal: MemoryJournal) -> bool:
    return set(ends(journal).values()) <= {"Sent", "Held"}


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("doubt", ["hold", "resend"])
def test_killed_again_and_again_it_sends_each_message_once_or_says_so(tmp_path: Path, doubt: str) -> None:
    chance, journal = random.Random(11), cases()
    (tmp_path / "notifications").mkdir()
    (tmp_path / "notifications" / "clients.toml").write_text(TELLS + 'quiet = ""\n')

    with mail_server() as server, door(journal, {"applicant-1": KEY}) as url:
        # So long after it has taken a message it says so: each kill leaves some in doubt.
        server.wait_s = 0.3
        write_run_file(tmp_path, url, "notifications")
        for _ in range(_KILLS):
            before = len(server.taken)
            with sending(tmp_path, server, doubt):
                assert wait_until(lambda at=before: len(server.taken) > at or settled(journal), within_s=60)
                time.sleep(chance.random() * 0.1)
        in_kills, server.wait_s = len(server.taken), 0.02
        with sending(tmp_path, server, doubt):
            assert wait_until(lambda: settled(journal), within_s=120)
        arrived, came = server.ids(), ends(journal)

    assert 0 < in_kills < _CASES
    held = sum(end == "Held" for end in came.values())
    if doubt == "hold":
        assert set(arrived.values()) == {1}
        assert _CASES - held <= len(arrived) <= _CASES
        assert 0 < held <= 8 * _KILLS
    else:
        assert (len(arrived), held) == (_CASES, 0)
        assert max(arrived.values()) > 1
