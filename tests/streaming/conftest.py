"""A house with clients, cases and their feeds, and a server in front of it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import uvicorn
from channels.routing import ProtocolTypeRouter, URLRouter
from django.db import connections
from google.protobuf.message import Message

from access.clients import add_client, issue_key, revoke_key
from access.models import ClientKey
from access.tokens import mint
from events import journal
from events.journal import Draft
from protocol.ids import to_us
from streaming.deliveries.log import deliveries
from streaming.following.pace import Pace
from streaming.models import FeedCase, FeedHead, FeedPlace, FeedProjection, FeedRecord
from streaming.routing import patterns
from streaming.writing.run import build_runner
from tests.streaming import told

QUICK = Pace(
    clock=lambda: datetime.now(UTC), random_01=lambda: 0.5, heartbeat_s=0.3, recheck_s=0.1, hello_s=0.3
)


@dataclass
class Holder:
    """Whoever holds a key or token."""

    auth: dict[str, str]


@dataclass
class House:
    """What a test does in the place of the other rooms: clients come, cases happen, the writer writes."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def client(self, *, live: bool = True) -> Client:
        name, key = add_client(name="Acme", now=self.now, live=live)
        return Client(self, name, key, live)

    def revoke(self, client: Client) -> None:
        """Take every key of a client away."""
        for key in ClientKey.objects.filter(client=client.name):
            revoke_key(client=client.name, key_id=key.key_id, now=self.now)

    def forget_feed(self) -> None:
        """Empty the feed's tables: the writer will begin again."""
        for model in (FeedRecord, FeedHead, FeedCase, FeedPlace, FeedProjection):
            model.objects.all().delete()
        with connections["feed"].cursor() as feed:
            feed.execute("DELETE FROM subscriber_checkpoint")

    def write(self) -> None:
        """Let the feed writer catch up."""
        runner = build_runner()
        while runner.step():
            pass


@dataclass
class Client:
    """A client with its key, and the cases it opens."""

    house: House
    name: str
    key: str
    live: bool

    @property
    def feed(self) -> str:
        return f"{self.name}:{'live' if self.live else 'test'}"

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def narrowed(self, *scopes: str) -> Holder:
        """Give somebody with a key of fewer scopes."""
        key = issue_key(client=self.name, now=self.house.now, live=self.live, scopes=scopes)
        return Holder({"Authorization": f"Bearer {key}"})

    def case(self, *messages: Message, reference: str = "order-1") -> Case:
        case = self._new()
        case.say(told.opened(live=self.live, reference=reference), *messages)
        return case

    def _new(self) -> Case:
        return Case(self, str(uuid4()), str(uuid4()))

    def many(self, records: int) -> list[Case]:
        """Open cases until the feed has so many records, a multiple of three."""
        cases = [self._new() for _ in range(records // 3)]
        drafts = [d for case in cases for d in case.drafts(told.opened(live=self.live), told.received())]
        journal.record(drafts, now=self.house.now)
        return cases


@dataclass
class Case:
    """A case of a client, about which things are said."""

    client: Client
    id: str
    applicant: str

    def say(self, *messages: Message) -> list[str]:
        """Journal what was said; gives the events' ids."""
        recorded = journal.record(self.drafts(*messages), now=self.client.house.now)
        return [str(event.envelope.id) for event in recorded]

    def drafts(self, *messages: Message) -> list[Draft]:
        return [
            Draft(message=m, subject=self.id, client=self.client.name, applicant=self.applicant)
            for m in messages
        ]

    def phone(self, *, lasts: timedelta = timedelta(minutes=30)) -> Holder:
        """Give the applicant's phone a token."""
        grant = mint(now=self.client.house.now)
        grant.issued.expires_at_us = to_us(self.client.house.now + lasts)
        self.say(grant.issued)
        return Holder({"Authorization": f"Bearer {grant.token}"})


@pytest.fixture
def house(transactional_db: None) -> Iterator[House]:
    yield House()
    # The log's thread lets go of the databases before they are emptied.
    deliveries().finish()


@pytest.fixture
def client(house: House) -> Client:
    """A client whose feed has thirty records."""
    made = house.client()
    made.many(30)
    house.write()
    return made


class _Served(uvicorn.Server):
    """A server on a free port, in a thread with an event loop of its own."""

    def __init__(self, pace: Pace) -> None:
        http, websocket = patterns(pace)
        app = ProtocolTypeRouter({"http": URLRouter(http), "websocket": URLRouter(websocket)})
        super().__init__(
            uvicorn.Config(
                app, log_level="error", lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1
            )
        )
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve([self.socket])))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def __enter__(self) -> _Served:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.should_exit = True
        self.thread.join()


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Give host and port of a server with a quick pace."""
    with _Served(QUICK) as served:
        yield served.address


@pytest.fixture
def serve() -> Iterator[Callable[[Pace], str]]:
    """Start servers with a pace of their own, and give their addresses."""
    with ExitStack() as stack:
        yield lambda pace: stack.enter_context(_Served(pace)).address
