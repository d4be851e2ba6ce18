"""Hands e-mails to a mail server, and knows at each moment whether the server can have taken them."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import closing, suppress
from typing import Final

from consumers.notifications.letters import letter
from consumers.notifications.results import NotTaken, Outgoing, Taken, Unanswered
from consumers.notifications.settings import SmtpServer

__all__ = ["SmtpPort"]

_BROKEN: Final = (OSError, smtplib.SMTPException)
# Replies of RFC 5321 §4.2.3.
_TAKEN, _FORWARDED, _GO_ON, _CLOSING = 250, 251, 354, 421


class SmtpPort:
    """A `Port` to a mail server: one connection a message, its certificate checked.

    Args:
        server: where it is.
        sender: the address that messages come from.
        bounces: where those go that cannot be delivered.
    """

    def __init__(self, server: SmtpServer, *, sender: str, bounces: str) -> None:
        self._server, self._sender, self._bounces = server, sender, bounces

    def send(self, outgoing: Outgoing) -> Taken | NotTaken | Unanswered:
        """Hand a message over; see `Port`."""
        data = _on_the_wire(letter(outgoing, self._sender).as_bytes())
        try:
            line = self._open()
        except _BROKEN as error:
            # Whatever is said before an address is named says nothing against the message.
            return NotTaken(_reason(error), passing=True)
        with closing(line):
            result = _hand_over(line, self._bounces, outgoing.address, data)
            if not isinstance(result, Unanswered):
                with suppress(*_BROKEN):
                    line.quit()
        return result

    def _open(self) -> smtplib.SMTP:
        server, ours = self._server, self._sender.rpartition("@")[2]
        context = ssl.create_default_context(cafile=server.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if server.security == "tls":
            line: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, ours, timeout=server.timeout_s, context=context
            )
        else:
            line = smtplib.SMTP(server.host, server.port, ours, timeout=server.timeout_s)
        try:
            if server.security == "starttls":
                line.starttls(context=context)
            if server.user:
                line.login(server.user, server.password)
            line.ehlo_or_helo_if_needed()
        except BaseException:
            line.close()
            raise
        return line


def _hand_over(line: smtplib.SMTP, sender: str, address: str, data: bytes) -> Taken | NotTaken | Unanswered:
    try:
        code, _ = line.mail(sender)
        if code != _TAKEN:
            # That is said of us, not of the address: it may be mended.
            return NotTaken(f"smtp_{code}", passing=True)
        code, _ = line.rcpt(address)
        if code not in {_TAKEN, _FORWARDED}:
            return _refused(code)
        code, _ = line.docmd("DATA")
        if code != _GO_ON:
            return _refused(code)
        line.send(data[:-_END])
    except _BROKEN as error:
        # The server has not seen the end of the message: it cannot have taken it.
        return NotTaken(_reason(error), passing=True)
    try:
        line.send(data[-_END:])
        code, _ = line.getreply()
    except _BROKEN:
        return Unanswered()
    return Taken("smtp") if code == _TAKEN else _refused(code)


_END: Final = len(b".\r\n")


def _on_the_wire(message: bytes) -> bytes:
    """Double the points at the beginning of lines and end with one alone (RFC 5321 §4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", message) + b".\r\n"


def _refused(code: int) -> NotTaken:
    """Name a refusal by its code alone: its text may quote the address."""
    return NotTaken(f"smtp_{code}", passing=code < 500 or code == _CLOSING)


def _reason(error: BaseException) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            return "login"
        case smtplib.SMTPNotSupportedError():
            return "no_starttls"
        case smtplib.SMTPResponseException():
            return f"smtp_{error.smtp_code}"
        case ssl.SSLError():
            return "tls"
        case TimeoutError():
            return "timeout"
        case _:
            return "connection"
