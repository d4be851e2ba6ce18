"""E-mail through a real mail server, which takes, refuses, puts off, and dies in mid-answer."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumers.notifications.results import NotTaken, Outgoing, Taken, Unanswered
from consumers.notifications.settings import SmtpServer
from consumers.notifications.smtp import SmtpPort
from consumers.notifications.wording import words
from deploy.certificates import Certificates, certificates_in
from subscriber import Doubt
from tests.consumers.notifications.histories import EMAIL, SUBMITTED, event, opened
from tests.consumers.notifications.mail import DIES, MailServer, mail_server
from tests.consumers.notifications.office import office, smtp, told

HOUR = timedelta(hours=1)
RESEND = {"email": Doubt.RESEND, "sms": Doubt.RESEND}
LETTER = Outgoing(
    address=EMAIL,
    message_id="abc@vouch.example",
    words=words("received", "de", {"client": "Beispiel & Söhne", "link": "https://x.example/?a=1&b=2"}),
    sender="Beispiel & Söhne",
    reply_to="hilfe@x.example",
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as ours:
        yield ours


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return certificates_in(tmp_path, now=datetime.now(UTC))


def port(server: SmtpServer) -> SmtpPort:
    return SmtpPort(server, sender="no-reply@vouch.example", bounces="bounces@vouch.example")


def theirs(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    return context


def speaking(security: str, certificates: Certificates) -> AbstractContextManager[MailServer]:
    context = theirs(certificates)
    return mail_server(tls=context) if security == "tls" else mail_server(starttls=context)


def test_a_letter_arrives_as_it_was_written(server: MailServer) -> None:
    assert port(smtp(server.port)).send(LETTER) == Taken("smtp")

    (mail,) = server.taken
    message = mail.message
    assert mail.to == (EMAIL,)
    assert (message["Message-ID"], message["Auto-Submitted"]) == ("<abc@vouch.example>", "auto-generated")
    assert message["From"] == "Beispiel & Söhne <no-reply@vouch.example>"
    assert message.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in message.iter_parts())
    assert text.replace("\r\n", "\n") == LETTER.words.text
    assert html.replace("\r\n", "\n") == LETTER.words.html


def test_a_line_that_begins_with_a_point_arrives_whole(server: MailServer) -> None:
    text = ".\n..\n.end\n"

    port(smtp(server.port)).send(LETTER._replace(words=LETTER.words.__class__("en", "s", text, text, "s")))

    part = next(server.taken[0].message.iter_parts())
    assert part.get_content().replace("\r\n", "\n") == text


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_letter_travels_encrypted(certificates: Certificates, security: str) -> None:
    with speaking(security, certificates) as server:
        ours = smtp(server.port, security=security, ca=str(certificates.authority))

        assert port(ours).send(LETTER) == Taken("smtp")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_cannot_be_believed_is_told_no_address(
    certificates: Certificates, security: str
) -> None:
    with speaking(security, certificates) as server:
        result = port(smtp(server.port, security=security)).send(LETTER)

    assert result == NotTaken("tls", passing=True)
    assert server.taken == []


def test_a_server_without_tls_is_told_no_address(server: MailServer) -> None:
    assert port(smtp(server.port, security="starttls")).send(LETTER) == NotTaken("no_starttls", passing=True)


@pytest.mark.parametrize(
    ("where", "answer", "result"),
    [
        ("to_mail", "550 not from you", NotTaken("smtp_550", passing=True)),
        ("to_recipient", "451 greylisted", NotTaken("smtp_451", passing=True)),
        ("to_recipient", f"550 {EMAIL} unknown", NotTaken("smtp_550", passing=False)),
        ("to_recipient", DIES, NotTaken("connection", passing=True)),
        ("to_data", "452 disk full", NotTaken("smtp_452", passing=True)),
        ("to_data", "554 no such content", NotTaken("smtp_554", passing=False)),
        ("to_data", DIES, Unanswered()),
    ],
)
def test_each_answer_of_the_server_means_one_thing(
    server: MailServer, where: str, answer: str, result: NotTaken | Unanswered
) -> None:
    getattr(server, where).append(answer)

    assert port(smtp(server.port)).send(LETTER) == result


def test_a_server_that_does_not_answer_in_time_may_have_taken_it(server: MailServer) -> None:
    server.wait_s = 1.0

    assert port(smtp(server.port, timeout_s=0.2)).send(LETTER) == Unanswered()


def test_a_server_that_is_not_there_is_asked_again() -> None:
    with mail_server() as gone:
        pass

    assert port(smtp(gone.port)).send(LETTER) == NotTaken("connection", passing=True)


def test_put_off_for_an_hour_a_message_is_sent_once(server: MailServer, tmp_path: Path) -> None:
    server.to_recipient.extend(["451 later"] * 3)

    with office(tmp_path, smtp=smtp(server.port)) as ours:
        ours.hear(opened(), event(SUBMITTED))
        for _ in range(30):
            ours.later(timedelta(minutes=2))

    failed = "Failed received/email smtp_451"
    assert [line for line in told(ours.journal) if "Due" not in line][1:] == [failed] * 3 + [
        "Sent received/email smtp"
    ]
    assert list(server.ids().values()) == [1]


def test_an_address_that_is_refused_is_not_tried_again(server: MailServer, tmp_path: Path) -> None:
    server.to_recipient.append("550 unknown")

    with office(tmp_path, smtp=smtp(server.port)) as ours:
        ours.hear(opened(), event(SUBMITTED))
        ours.later(24 * HOUR)

    assert told(ours.journal)[-1] == "Failed received/email smtp_550"
    assert server.taken == []


def test_a_server_that_is_down_for_good_is_given_up(tmp_path: Path) -> None:
    with mail_server() as gone:
        pass

    with office(tmp_path, smtp=smtp(gone.port), try_for=3 * HOUR) as ours:
        ours.hear(opened(), event(SUBMITTED))
        for _ in range(9):
            ours.later(HOUR / 2)
        rows = ours.service.store.execute("SELECT state FROM notification_message")

    assert rows == [("given_up",)]
    assert 4 <= told(ours.journal).count("Failed received/email connection") <= 9


def test_of_a_message_in_doubt_staff_are_asked(server: MailServer, tmp_path: Path) -> None:
    server.to_data.append(DIES)

    with office(tmp_path, smtp=smtp(server.port)) as ours:
        ours.hear(opened(), event(SUBMITTED))
        ours.later(5 * HOUR)

    assert told(ours.journal)[-1] == "Held received/email unanswered"
    assert list(server.ids().values()) == [1]


def test_by_the_dial_a_message_in_doubt_is_sent_again_under_the_same_id(
    server: MailServer, tmp_path: Path
) -> None:
    server.to_data.append(DIES)

    with office(tmp_path, smtp=smtp(server.port), doubt=RESEND) as ours:
        ours.hear(opened(), event(SUBMITTED))
        ours.later(5 * HOUR)

    assert told(ours.journal)[-1] == "Sent received/email smtp"
    assert list(server.ids().values()) == [2]
