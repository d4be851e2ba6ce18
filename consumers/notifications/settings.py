"""The service's own settings: its ways out of the house, its people, its dials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from consumers.notifications.addresses import email_address
from consumers.notifications.wording import languages
from subscriber import Doubt, SubscriberError

__all__ = ["Settings", "SmsGateway", "SmtpServer", "WrongSetting", "settings_from"]

_SCHEMES: Final[Mapping[str, tuple[Literal["starttls", "tls", "none"], int]]] = {
    "smtp": ("starttls", 587),
    "smtps": ("tls", 465),
    "smtp+plain": ("none", 25),
}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class WrongSetting(SubscriberError):
    """A variable of the environment, or a file that it names, cannot be used: mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A mail server to hand messages to; `security` none: on this machine only. `timeout_s`: an answer."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsGateway:
    """Where short messages are posted to (docs/services/notifications.md), and the token that lets us."""

    url: str
    token: str = field(default="", repr=False)
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`smtp` and `sms` None: messages go into files of `folder`, and nothing leaves.

    `clients` is the file that says which applicants are told anything. `staff` empty: staff are told nothing.
    `doubt`: what becomes of a message of a channel of which nobody knows whether it arrived.
    """

    folder: Path
    clients: Path
    sender: str = "no-reply@vouch.invalid"
    bounces: str = ""
    staff: str = ""
    staff_url: str = ""
    language: str = "en"
    doubt: Mapping[str, Doubt] = field(default_factory=lambda: {"email": Doubt.HOLD, "sms": Doubt.RESEND})
    try_for: timedelta = timedelta(hours=24)
    since: datetime | None = None
    smtp: SmtpServer | None = None
    sms: SmsGateway | None = None


def settings_from(folder: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Args:
        folder: the service's own files.
        environment: the variables.

    Raises:
        WrongSetting: one cannot be used.
    """
    said = _Said(environment)
    smtp = said.smtp()
    sender = said.address("SENDER") or ("" if smtp else "no-reply@vouch.invalid")
    if not sender:
        raise WrongSetting("VOUCH_NOTIFICATIONS_SENDER is missing: the address that messages come from")
    return Settings(
        folder=folder,
        clients=Path(said.get("CLIENTS") or folder / "clients.toml"),
        sender=sender,
        bounces=said.address("BOUNCES") or sender,
        # Where nothing leaves, what staff would be told is shown all the same.
        staff=said.address("STAFF") or ("" if smtp else "staff@vouch.invalid"),
        staff_url=said.get("STAFF_URL"),
        language=said.one_of("LANGUAGE", languages(), "en"),
        doubt={
            "email": Doubt(said.one_of("DOUBT_EMAIL", ("hold", "resend"), "hold")),
            "sms": Doubt(said.one_of("DOUBT_SMS", ("hold", "resend"), "resend")),
        },
        try_for=said.hours("TRY_HOURS", 24),
        since=said.moment("SINCE"),
        smtp=smtp,
        sms=said.sms(),
    )


class _Said:
    """Reads variables, and names the one that is wrong."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def get(self, name: str) -> str:
        return self._environment.get(f"VOUCH_NOTIFICATIONS_{name}", "").strip()

    def address(self, name: str) -> str:
        said = self.get(name)
        if said and email_address(said.encode()) != said:
            raise WrongSetting(f"VOUCH_NOTIFICATIONS_{name} is no plain e-mail address")
        return said

    def one_of(self, name: str, words: tuple[str, ...], otherwise: str) -> str:
        said = self.get(name) or otherwise
        if said not in words:
            raise WrongSetting(f"VOUCH_NOTIFICATIONS_{name} is one of {', '.join(words)}, not {said!r}")
        return said

    def hours(self, name: str, otherwise: float) -> timedelta:
        try:
            found = timedelta(hours=float(self.get(name) or otherwise))
        except (ValueError, OverflowError) as error:
            raise WrongSetting(f"VOUCH_NOTIFICATIONS_{name} is a number of hours") from error
        if not timedelta(0) < found <= timedelta(days=30):
            raise WrongSetting(f"VOUCH_NOTIFICATIONS_{name} is more than 0 and at most 720 hours")
        return found

    def moment(self, name: str) -> datetime | None:
        said = self.get(name)
        try:
            found = datetime.fromisoformat(said) if said else None
        except ValueError as error:
            raise WrongSetting(f"VOUCH_NOTIFICATIONS_{name} is a moment of ISO 8601") from error
        return found and (found if found.tzinfo else found.replace(tzinfo=UTC))

    def smtp(self) -> SmtpServer | None:
        said = self._environment.get("VOUCH_SMTP_URL", "")
        if not said:
            return None
        try:
            parts = urlsplit(said)
            security, port = _SCHEMES[parts.scheme]
            host, port = str(parts.hostname or ""), parts.port or port
        except (KeyError, ValueError) as error:
            raise WrongSetting("VOUCH_SMTP_URL is smtp://USER:PASSWORD@HOST:PORT, or smtps://…") from error
        if not host or (security == "none" and host not in _LOOPBACK):
            raise WrongSetting("VOUCH_SMTP_URL: without TLS, a server on this machine only")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        ca = self._environment.get("VOUCH_SMTP_CA", "")
        return SmtpServer(host=host, port=port, security=security, user=user, password=password, ca=ca)

    def sms(self) -> SmsGateway | None:
        said = self._environment.get("VOUCH_SMS_URL", "")
        if not said:
            return None
        parts = urlsplit(said)
        if not parts.hostname or (parts.scheme != "https" and parts.hostname not in _LOOPBACK):
            raise WrongSetting("VOUCH_SMS_URL is an https:// address, or one on this machine")
        return SmsGateway(url=said, token=self._environment.get("VOUCH_SMS_TOKEN", ""))
