"""The service alone: in whatever order different accounts are heard of, each letter of its own goes once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from uuid import UUID, uuid5

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.legacy.language import accounts_v1_pb2 as accounts
from examples.legacy.language.streams import BANK, CAPABILITY, STREAMS, WELCOME
from examples.legacy.post import Post
from examples.legacy.welcome import rows
from examples.legacy.welcome.comparing import report
from examples.legacy.welcome.letter import digest_of
from examples.legacy.welcome.service import SPEC, subscriber
from examples.legacy.welcome.settings import WelcomeSettings, welcome_settings
from protocol.catalogue import STREAMS as OURS
from protocol.catalogue import type_name, use
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import unsettled
from subscriber.serving import ServiceSpec
from tests.consumers.journal import MemoryJournal, Service

_AT_US = 1_750_000_000_000_000
_GRACE = timedelta(seconds=60)
_TEXT = "Welcome. Your account {} is open. You may spend 300.00 pounds a day."


@pytest.fixture(scope="module", autouse=True)
def _the_bank_s_catalogue() -> Iterator[None]:
    product = tuple(OURS)
    use(STREAMS)
    yield
    use(product)


def said(message: Message, subject: str, number: int = 1) -> Record:
    """Write an event as the bank does; the same message of a subject again is the same event."""
    id_ = uuid5(UUID(int=7), f"{subject}/{type_name(message)}/{number}")
    return Record(
        id=id_.bytes,
        type=type_name(message),
        source=BANK,
        subject=subject,
        client=BANK,
        partition_key=subject,
        keyseq=number,
        occurred_at_us=_AT_US,
        recorded_at_us=_AT_US,
        payload=message.SerializeToString(),
    )


def opened(account: str, by: str) -> Record:
    message = accounts.AccountOpened(customer="7", product="current", daily_limit_pence=30_000, letter_by=by)
    return said(message, account)


def sent(account: str) -> Record:
    digest = digest_of(_TEXT.format(account))
    return said(accounts.WelcomeLetterSent(by=BANK, template="standard", digest=digest), account, 2)


def handed(to: str, number: int = 1) -> Record:
    return said(accounts.LettersHandedOver(to=to), CAPABILITY, number)


@dataclass(frozen=True)
class Office:
    """The service beside a print house that really listens, on a journal in memory."""

    folder: Path
    post: Post

    def run(self, records: Sequence[Record], *, after: timedelta = 2 * _GRACE) -> Service:
        """Follow records to their end, so long after they happened."""
        own = WelcomeSettings(post_url=self.post.url, grace=_GRACE, premium_from_pence=100_000)
        spec: ServiceSpec = replace(SPEC, build=lambda _settings: subscriber(own))
        journal = MemoryJournal()
        journal.append(records)
        clock_us = _AT_US + int(after.total_seconds() * 1_000_000)
        service = Service(spec, self.folder, journal, clock_us=clock_us)
        service.settle()
        return service

    def asked(self) -> Counter[str]:
        """Count what the print house was asked for."""
        file = self.folder / "letters.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return Counter(line.split('"welcome-')[1].split('"')[0] for line in lines)


@contextmanager
def an_office() -> Iterator[Office]:
    with TemporaryDirectory() as folder, Post(Path(folder) / "letters.jsonl", 0) as post:
        thread = Thread(target=post.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Office(Path(folder), post)
        finally:
            post.shutdown()
            thread.join()


@pytest.fixture
def office() -> Iterator[Office]:
    with an_office() as one:
        yield one


def test_until_an_account_names_it_the_service_sends_nothing(office: Office) -> None:
    service = office.run([opened("a", BANK), sent("a"), opened("b", BANK)])

    assert office.asked() == {}
    assert list(report(rows.accounts(service.store))) == [
        "1 letters of the bank compared, 0 differ; 1 that the bank should have sent are not sent",
        "b: not sent; we would send standard",
    ]


def test_a_letter_of_its_own_goes_once_and_is_told_to_the_bank(office: Office) -> None:
    service = office.run([handed(WELCOME), opened("a", WELCOME)])

    assert office.asked() == {"a": 1}
    assert unsettled(service.store) == []
    assert [account.our_digest for account in rows.accounts(service.store)] == [digest_of(_TEXT.format("a"))]


def test_what_the_bank_left_is_not_taken_over_before_the_grace_has_passed(office: Office) -> None:
    left = [opened("a", BANK), handed(WELCOME)]

    office.run(left, after=_GRACE / 2)
    assert office.asked() == {}


def test_what_the_bank_left_stays_where_it_is_when_letters_were_handed_back(office: Office) -> None:
    office.run([opened("a", BANK), handed(WELCOME), handed(BANK, 2)])

    assert office.asked() == {}


_KINDS = st.sampled_from(("bank sent", "bank left", "welcome"))


@settings(max_examples=15, deadline=None)
@given(kinds=st.lists(_KINDS, min_size=1, max_size=6), data=st.data())
def test_in_any_order_across_accounts_the_same_letters_go_and_each_of_them_once(
    kinds: list[str], data: st.DataObject
) -> None:
    lines = [[handed(WELCOME)]]
    for number, kind in enumerate(kinds):
        line = [opened(f"a{number}", WELCOME if kind == "welcome" else BANK)]
        lines.append([*line, sent(f"a{number}")] if kind == "bank sent" else line)
    turns = data.draw(st.permutations([n for n, line in enumerate(lines) for _ in line]))
    each = [iter(line) for line in lines]

    with an_office() as one:
        service = one.run([next(each[turn]) for turn in turns])

        ours = {f"a{n}" for n, kind in enumerate(kinds) if kind != "bank sent"}
        assert one.asked() == dict.fromkeys(ours, 1)
        known = rows.accounts(service.store)
        assert {account.account for account in known if account.our_digest} == ours
        assert not any(account.differs or account.left for account in known)


def test_settings_are_read_with_their_units() -> None:
    read = welcome_settings({"VOUCH_WELCOME_GRACE_S": "1.5", "VOUCH_WELCOME_PREMIUM_FROM_PENCE": "7"})

    assert (read.grace, read.premium_from_pence) == (timedelta(seconds=1.5), 7)
