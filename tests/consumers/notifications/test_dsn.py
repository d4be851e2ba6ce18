"""What a mail server writes about a message that it could not deliver."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from consumers.notifications.dsn import Bounce, read

REPORT = b"""\
From: MAILER-DAEMON@mail.example
To: bounces@vouch.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<ada@people.example>: host mx said: 550 5.1.1 no such user ada@people.example

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; ada@people.example
Action: ACTION
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 ada@people.example unknown

--b
Content-Type: KIND

From: no-reply@vouch.example
Message-ID: <abc@vouch.example>
Subject: x

--b--
"""


def report(action: bytes = b"failed", kind: bytes = b"text/rfc822-headers") -> bytes:
    return REPORT.replace(b"ACTION", action).replace(b"KIND", kind)


def test_a_failure_names_its_message_and_status_alone() -> None:
    assert read(report()) == Bounce("abc@vouch.example", "5.1.1")


def test_the_whole_message_may_come_back_too() -> None:
    assert read(report(kind=b"message/rfc822")) == Bounce("abc@vouch.example", "5.1.1")


def test_lines_may_end_as_on_the_wire() -> None:
    assert read(report().replace(b"\n", b"\r\n")) == Bounce("abc@vouch.example", "5.1.1")


def test_a_delay_is_no_failure() -> None:
    assert read(report(action=b"delayed")) is None


def test_an_ordinary_answer_is_no_failure() -> None:
    assert read(b"From: ada@people.example\nMessage-ID: <x@y>\n\nThank you.\n") is None


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_without_a_fault(data: bytes) -> None:
    assert read(data) is None
    read(report() + data)
    read(report().replace(b"5.1.1", data[:20]))
