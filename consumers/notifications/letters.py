"""An e-mail as it travels: text and HTML of the same words, marked as sent by a machine."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from consumers.notifications.results import Outgoing

__all__ = ["letter"]


def letter(outgoing: Outgoing, sender: str) -> EmailMessage:
    """Write an e-mail.

    Args:
        outgoing: what it says, and to whom.
        sender: the address that it comes from.
    """
    message = EmailMessage(SMTP)
    message["From"] = Address(outgoing.sender, addr_spec=sender)
    message["To"] = Address(addr_spec=outgoing.address)
    message["Subject"] = outgoing.words.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{outgoing.message_id}>"
    # RFC 3834: nobody's absence note is to answer it.
    message["Auto-Submitted"] = "auto-generated"
    if outgoing.reply_to:
        message["Reply-To"] = Address(addr_spec=outgoing.reply_to)
    message.set_content(outgoing.words.text, cte="quoted-printable")
    message.add_alternative(outgoing.words.html, subtype="html", cte="quoted-printable")
    # Last: what is set as content takes the headers of content away.
    message["Content-Language"] = outgoing.words.language
    return message
