"""A real mail server of the test's own: it takes, refuses, or dies in mid-answer, as the test wants."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import NamedTuple

from aiosmtpd.smtp import SMTP, Envelope, Session

__all__ = ["DIES", "Mail", "MailServer", "mail_server"]

DIES = "the line is cut instead of an answer"


class Mail(NamedTuple):
    """A message as it was taken: whom the envelope names, and its bytes."""

    to: tuple[str, ...]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, read."""
        return message_from_bytes(self.data, policy=POLICY)

    @property
    def id(self) -> str:
        """Its id without angle brackets."""
        return str(self.message["Message-ID"]).strip("<>")


class MailServer:
    """What it took is in `taken`, also when its answer was cut off; what it is to answer, in the deques."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[Mail] = []
        self.to_mail: deque[str] = deque()
        self.to_recipient: deque[str] = deque()
        self.to_data: deque[str] = deque()
        self.wait_s = 0.0

    def ids(self) -> Counter[str]:
        """Count the messages by their id."""
        return Counter(mail.id for mail in list(self.taken))

    async def handle_MAIL(  # noqa: N802 - aiosmtpd names it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer the sender."""
        envelope.mail_from = address
        return self.to_mail.popleft() if self.to_mail else "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer a recipient."""
        answer = self.to_recipient.popleft() if self.to_recipient else "250 OK"
        if answer == DIES:
            _cut(server)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message, and answer."""
        answer = self.to_data.popleft() if self.to_data else "250 OK"
        if answer.startswith("2") or answer == DIES:
            content = envelope.content
            data = content if isinstance(content, bytes) else str(content).encode()
            self.taken.append(Mail(tuple(map(str, envelope.rcpt_tos)), data))
        # It has the message; whoever sent it does not know that yet.
        await asyncio.sleep(self.wait_s)
        if answer == DIES:
            _cut(server)
        return answer


def _cut(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


@contextmanager
def mail_server(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None
) -> Iterator[MailServer]:
    """Run a mail server in a thread; `tls` from the first byte, or `starttls` demanded."""
    ours, loop = MailServer(), asyncio.new_event_loop()

    def session() -> SMTP:
        return SMTP(
            ours, hostname="mail.test", loop=loop, tls_context=starttls, require_starttls=starttls is not None
        )

    listening = loop.run_until_complete(loop.create_server(session, "127.0.0.1", 0, ssl=tls))
    ours.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield ours
    finally:
        loop.call_soon_threadsafe(listening.close)
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    # A line that is closed is told so in the loop's next rounds.
    await asyncio.sleep(0.01)
