"""Whose applicants are told anything, and how: data of the operator, read again whenever it has changed.

["*"]                        # every client without a part of its own; without it: nobody
applicants = false

[cl_0196a3c0]
applicants = true
name = "Example Bank"        # as its applicants know it
channels = ["email", "sms"]
messages = ["received", "complete"]   # left out: all of them
link = "https://bank.example/identity"
language = "en"
time_zone = "Europe/London"  # left out: the case's
quiet = "21:00-08:00"        # no e-mail then
quiet_sms = "20:00-09:00"
reply_to = "help@bank.example"
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from consumers.notifications.addresses import email_address
from consumers.notifications.hours import Quiet, quiet_of
from consumers.notifications.messages import TABLE, Channel
from consumers.notifications.settings import WrongSetting
from consumers.notifications.wording import languages

__all__ = ["Client", "Clients", "clients_of"]

_log = structlog.get_logger("vouch.notifications")
T = TypeVar("T")
_EVERYBODY_ELSE: Final = "*"
# An SMS makes a noise: it comes by day only.
_QUIET, _QUIET_SMS = "21:00-08:00", "20:00-09:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """How a client's applicants are told; by default they are not. `messages` None: all there are."""

    applicants: bool = False
    name: str = ""
    channels: tuple[Channel, ...] = (Channel.EMAIL,)
    messages: tuple[str, ...] | None = None
    link: str = ""
    language: str = ""
    time_zone: str = ""
    quiet: Quiet = field(default_factory=lambda: quiet_of(_QUIET))
    quiet_sms: Quiet = field(default_factory=lambda: quiet_of(_QUIET_SMS))
    reply_to: str = ""

    def tells(self, template: str) -> bool:
        """Tell whether its applicants are sent a message."""
        return self.applicants and (self.messages is None or template in self.messages)

    def quiet_for(self, channel: Channel) -> Quiet:
        """Give the hours in which nothing is sent by a channel."""
        return self.quiet_sms if channel is Channel.SMS else self.quiet


_LINES: Final = frozenset(one.name for one in fields(Client))


class Clients:
    """The file, as it is now; while it cannot be read, as it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._rows: Mapping[str, Client] = {}
        self._look(at_start=True)

    def of(self, client: str) -> Client:
        """Give what is said of a client."""
        self._look()
        return self._rows.get(client) or self._rows.get(_EVERYBODY_ELSE) or Client()

    def _look(self, *, at_start: bool = False) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if stamp == self._stamp:
                return
            self._rows, self._stamp = clients_of(self._path.read_text(encoding="utf-8")), stamp
        except FileNotFoundError:
            self._rows, self._stamp = {}, None
        except (OSError, WrongSetting) as error:
            if at_start:
                raise WrongSetting(f"{self._path} cannot be used: {error}") from error
            _log.error("clients_file_unusable", path=str(self._path), why=str(error))


def clients_of(text: str) -> dict[str, Client]:
    """Read the file's text.

    Raises:
        WrongSetting: it is not as it must be; the message names the client and what is wrong.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongSetting(f"it is no TOML: {error}") from error
    return {name: _client(name, row) for name, row in said.items()}


def _client(name: str, row: object) -> Client:
    try:
        client = _Row(row).client()
    except (ValueError, TypeError, ZoneInfoNotFoundError) as error:
        raise WrongSetting(f"[{name}]: {error}") from error
    if client.applicants and not client.name:
        raise WrongSetting(f"[{name}] tells its applicants something, and has no name for them to know it by")
    return client


class _Row:
    """Reads one client's part of the file."""

    def __init__(self, row: object) -> None:
        if not isinstance(row, dict) or not row.keys() <= _LINES:
            raise ValueError(f"it has a line that is none of {', '.join(sorted(_LINES))}")
        self._row: Mapping[str, object] = row

    def client(self) -> Client:
        zone = self._text("time_zone")
        return Client(
            applicants=self._said("applicants", otherwise=False),
            name=self._text("name"),
            channels=tuple(Channel(str(one)) for one in self._said("channels", otherwise=["email"])),
            messages=self._messages(),
            link=self._text("link", lambda said: said.startswith("https://")),
            language=self._text("language", lambda said: said in languages()),
            time_zone=str(ZoneInfo(zone)) if zone else "",
            quiet=quiet_of(self._said("quiet", otherwise=_QUIET)),
            quiet_sms=quiet_of(self._said("quiet_sms", otherwise=_QUIET_SMS)),
            reply_to=self._text("reply_to", lambda said: email_address(said.encode()) == said),
        )

    def _messages(self) -> tuple[str, ...] | None:
        if "messages" not in self._row:
            return None
        messages = tuple(str(one) for one in self._said("messages", otherwise=[""]))
        if unknown := set(messages) - {line.template for line in TABLE}:
            raise ValueError(f"there is no message {', '.join(sorted(unknown))}")
        return messages

    def _text(self, key: str, right: Callable[[str], bool] = bool) -> str:
        said = self._said(key, otherwise="")
        if said and not (said.isprintable() and right(said)):
            raise ValueError(f"{key} cannot be used")
        return said

    def _said(self, key: str, *, otherwise: T) -> T:
        value = self._row.get(key, otherwise)
        if not isinstance(value, type(otherwise)):
            raise TypeError(f"{key} is not what it must be: {type(otherwise).__name__}")
        return value
