"""No address of a person is in any event, row, file or line of the log, whatever happens to a message."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscriber import configure_logs
from tests.consumers.notifications.histories import APPROVED, SUBMITTED, event, opened
from tests.consumers.notifications.mail import DIES, MailServer, mail_server
from tests.consumers.notifications.office import TELLS, Office, office, smtp

NAMES = st.from_regex(r"[a-z]{4}[a-z0-9]{4,12}", fullmatch=True)
NUMBERS = st.integers(10**10, 10**11 - 1).map(lambda n: f"+{n}")


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with mail_server() as ours:
        yield ours


def everything(ours: Office) -> bytes:
    """Give all bytes that the service has left behind, but for those it read."""
    said = b"".join(record.SerializeToString() for record in ours.journal.records)
    return said + b"".join(path.read_bytes() for path in ours.folder.rglob("*") if path.is_file())


@pytest.mark.slow
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(NAMES, NUMBERS)
def test_no_address_is_left_behind(
    server: MailServer, capfd: pytest.CaptureFixture[str], name: str, number: str
) -> None:
    address = f"{name}@people.example"
    server.to_recipient.extend([f"451 {address} later", f"550 {address} unknown", f"554 no {address}"])
    server.to_data.extend([DIES, f"554 {address} is spam"])
    configure_logs()

    with tempfile.TemporaryDirectory() as folder:
        both = TELLS + 'channels = ["email", "sms"]\n'
        with office(Path(folder), clients=both, smtp=smtp(server.port)) as ours:
            for case in "abc":
                ours.hear(opened(case=case, email=address, phone=number), event(SUBMITTED, case=case))
                ours.hear(event(APPROVED, case=case))
            ours.later(timedelta(hours=2))
            left = everything(ours)
    printed = capfd.readouterr()

    logged = printed.out + printed.err
    assert "message_given_up" in logged
    assert "message_held" in logged
    assert name not in logged
    assert number[1:] not in logged
    assert b"notification_message" in left
    assert name.encode() not in left
    assert number[1:].encode() not in left
