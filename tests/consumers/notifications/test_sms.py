"""Short messages through a gateway over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from consumers.notifications.results import NotTaken, Outgoing, Taken, Unanswered
from consumers.notifications.settings import SmsGateway
from consumers.notifications.sms import SmsPort
from consumers.notifications.wording import words
from tests.consumers.notifications.histories import PHONE, SUBMITTED, event, opened
from tests.consumers.notifications.office import TELLS, office, told

MESSAGE = Outgoing(
    address=PHONE,
    message_id="0123abcd",
    words=words("received", "en", {"client": "Example Bank"}),
    sender="Example Bank",
)


class _Gateway(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[dict[str, str], dict[str, str]]] = []
        self.answers: list[int] = []

    @property
    def settings(self) -> SmsGateway:
        return SmsGateway(url=f"http://127.0.0.1:{self.server_address[1]}/sms", token="t", timeout_s=5)


class _Handler(BaseHTTPRequestHandler):
    server: _Gateway

    def do_POST(self) -> None:
        """Note what was asked, and answer; 0: hang up instead."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 202
        if status:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: str) -> None:  # noqa: A002 (the base class names it so)
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[_Gateway]:
    with _running() as ours:
        yield ours


@contextmanager
def _running() -> Iterator[_Gateway]:
    with _Gateway() as ours:
        thread = Thread(target=ours.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield ours
        finally:
            ours.shutdown()
            thread.join()


def test_a_message_is_posted_with_its_key(gateway: _Gateway) -> None:
    assert SmsPort(gateway.settings).send(MESSAGE) == Taken("http")

    ((headers, body),) = gateway.asked
    assert (headers["Idempotency-Key"], headers["Authorization"]) == ("0123abcd", "Bearer t")
    assert body == {"to": PHONE, "text": MESSAGE.words.sms, "reference": "0123abcd"}


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (200, Taken("http")),
        (302, NotTaken("http_302", passing=False)),
        (400, NotTaken("http_400", passing=False)),
        (401, NotTaken("http_401", passing=True)),
        (429, NotTaken("http_429", passing=True)),
        (503, NotTaken("http_503", passing=True)),
        (0, Unanswered()),
    ],
)
def test_each_answer_means_one_thing(
    gateway: _Gateway, status: int, result: Taken | NotTaken | Unanswered
) -> None:
    gateway.answers.append(status)

    assert SmsPort(gateway.settings).send(MESSAGE) == result


def test_a_gateway_that_is_not_there_is_asked_again() -> None:
    with _running() as gone:
        settings = gone.settings

    assert SmsPort(settings).send(MESSAGE) == NotTaken("connection", passing=True)


def test_an_sms_in_doubt_is_posted_again_with_the_same_key(gateway: _Gateway, tmp_path: Path) -> None:
    gateway.answers.append(0)

    with office(tmp_path, clients=TELLS + 'channels = ["sms"]\n', sms=gateway.settings) as ours:
        ours.hear(opened(), event(SUBMITTED))
        ours.later(timedelta(minutes=2))

    assert told(ours.journal)[-1] == "Sent received/sms http"
    assert len({headers["Idempotency-Key"] for headers, _ in gateway.asked}) == 1
    assert len(gateway.asked) == 2
