"""Settings and the operator's file: what is wrong is named, before anything is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumers.notifications.clients import Clients, clients_of
from consumers.notifications.messages import Channel
from consumers.notifications.settings import SmtpServer, WrongSetting, settings_from
from subscriber import Doubt
from subscriber.beginning import DamagedBeginning, first_start

FOLDER = Path("/nowhere")
SENDER = {"VOUCH_NOTIFICATIONS_SENDER": "no-reply@vouch.example"}


def test_without_any_setting_nothing_leaves_and_doubtful_mail_is_held() -> None:
    found = settings_from(FOLDER, {})

    assert (found.smtp, found.sms) == (None, None)
    assert found.doubt == {"email": Doubt.HOLD, "sms": Doubt.RESEND}


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://u%40x:p%2F@mail.example", ("mail.example", 587, "starttls", "u@x", "p/")),
        ("smtps://mail.example:4650", ("mail.example", 4650, "tls", "", "")),
        ("smtp+plain://localhost:1025", ("localhost", 1025, "none", "", "")),
    ],
)
def test_a_mail_server_is_named_by_an_address(url: str, server: tuple[str, int, str, str, str]) -> None:
    found = settings_from(FOLDER, {"VOUCH_SMTP_URL": url, **SENDER}).smtp

    assert isinstance(found, SmtpServer)
    assert (found.host, found.port, found.security, found.user, found.password) == server
    assert not found.password or found.password not in repr(found)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"VOUCH_SMTP_URL": "smtp://mail.example"}, "VOUCH_NOTIFICATIONS_SENDER"),
        ({"VOUCH_SMTP_URL": "smtp+plain://mail.example", **SENDER}, "VOUCH_SMTP_URL"),
        ({"VOUCH_SMTP_URL": "http://mail.example", **SENDER}, "VOUCH_SMTP_URL"),
        ({"VOUCH_SMTP_URL": "smtp://mail.example:port", **SENDER}, "VOUCH_SMTP_URL"),
        ({"VOUCH_SMS_URL": "http://sms.example"}, "VOUCH_SMS_URL"),
        ({"VOUCH_NOTIFICATIONS_STAFF": "Staff <s@x.example>"}, "VOUCH_NOTIFICATIONS_STAFF"),
        ({"VOUCH_NOTIFICATIONS_DOUBT_EMAIL": "guess"}, "VOUCH_NOTIFICATIONS_DOUBT_EMAIL"),
        ({"VOUCH_NOTIFICATIONS_TRY_HOURS": "-1"}, "VOUCH_NOTIFICATIONS_TRY_HOURS"),
        ({"VOUCH_NOTIFICATIONS_TRY_HOURS": "nan"}, "VOUCH_NOTIFICATIONS_TRY_HOURS"),
        ({"VOUCH_NOTIFICATIONS_LANGUAGE": "tlh"}, "VOUCH_NOTIFICATIONS_LANGUAGE"),
        ({"VOUCH_NOTIFICATIONS_SINCE": "yesterday"}, "VOUCH_NOTIFICATIONS_SINCE"),
    ],
)
def test_a_wrong_setting_is_named(variables: dict[str, str], named: str) -> None:
    with pytest.raises(WrongSetting, match=named):
        settings_from(FOLDER, variables)


def test_who_is_told_is_a_line_of_data() -> None:
    found = clients_of(
        '["*"]\napplicants = true\nname = "All"\n[cl_1]\n[cl_2]\napplicants = true\nname = "Two"\n'
        'channels = ["sms"]\nmessages = ["complete"]\nquiet_sms = ""\ntime_zone = "Europe/Paris"\n'
    )

    assert [found[name].tells("received") for name in ("*", "cl_1", "cl_2")] == [True, False, False]
    assert found["cl_2"].tells("complete")
    assert found["cl_2"].channels == (Channel.SMS,)


@pytest.mark.parametrize(
    "line",
    [
        'applicants = "yes"',
        "applicants = true",
        'channels = ["pigeon"]',
        'messages = ["secret"]',
        'link = "javascript:alert(1)"',
        'name = "Bank\\r\\nBcc: x"',
        'time_zone = "Mars/Base"',
        'quiet = "late"',
        'reply_to = "not an address"',
        "unknown = 1",
    ],
)
def test_a_wrong_line_names_its_client(tmp_path: Path, line: str) -> None:
    (tmp_path / "clients.toml").write_text(f"[cl_1]\n{line}\n")

    with pytest.raises(WrongSetting, match="cl_1"):
        Clients(tmp_path / "clients.toml")


def test_the_first_start_is_remembered(tmp_path: Path) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)

    first = first_start(tmp_path / "n", now)

    assert (first, first_start(tmp_path / "n", now + timedelta(days=9))) == (now, now)
    assert [path.name for path in (tmp_path / "n").iterdir()] == ["first_start"]


def test_a_first_start_that_cannot_be_read_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "first_start").write_text("")

    with pytest.raises(DamagedBeginning, match="first_start"):
        first_start(tmp_path, datetime(2026, 7, 1, tzinfo=UTC))
