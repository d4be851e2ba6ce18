"""A service that stops in mid-sending, a rebuild, a bounce: each message once, or visibly in doubt."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.notifications import commands
from subscriber import Doubt, InlinePool, Row, Store, unsettled, versions_of
from subscriber.opening import open_store
from subscriber.rebuild import Service as Rebuilding
from subscriber.rebuild import rebuild
from subscriber.serving import ServiceSettings
from tests.consumers.notifications.histories import APPROVED, SUBMITTED, event, opened
from tests.consumers.notifications.mail import DIES, MailServer, mail_server
from tests.consumers.notifications.office import TELLS, Office, office, smtp, told

RESEND = {"email": Doubt.RESEND, "sms": Doubt.RESEND}
Verb = Callable[..., int]


class Killed(BaseException):
    """The process is gone."""


class DiesAfterSending(InlinePool):
    """Does one message's work, and is gone before anybody hears of it."""

    def submit(
        self, name: str, work: Callable[[object], object], given: object, affinity: str
    ) -> Future[object]:
        super().submit(name, work, given, affinity)
        raise Killed


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as ours:
        yield ours


def killed_in_sending(ours: Office) -> None:
    ours.again(DiesAfterSending())
    with pytest.raises(Killed):
        ours.hear(opened(), event(SUBMITTED))
    ours.again()
    ours.service.settle()


def rebuilt(ours: Office) -> Store:
    """Make the rows anew, and open them."""
    settings = ServiceSettings("notifications", ours.folder)
    versions = versions_of(settings.database)
    service = Rebuilding(
        subscriber=ours.spec.build(settings),
        versions=versions,
        prepare=ours.spec.prepare,
        source=lambda: ours.journal,
    )
    rebuild(service)
    return open_store(versions.current())


def rows(store: Store) -> list[Row]:
    tables = ("notification_case", "notification_message")
    return [row for table in tables for row in store.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4")]


@pytest.fixture
def verb(tmp_path: Path) -> Verb:
    """Run a command of the service beside it."""

    def run(name: str, *words: str) -> int:
        found = next(one for one in commands.VERBS if one.name == name)
        parser = ArgumentParser()
        if found.arguments is not None:
            found.arguments(parser)
        return found.do(ServiceSettings("notifications", tmp_path), parser.parse_args(words))

    return run


def test_a_service_that_dies_in_sending_leaves_the_message_to_staff(
    server: MailServer, tmp_path: Path
) -> None:
    with office(tmp_path, smtp=smtp(server.port)) as ours:
        killed_in_sending(ours)
        ours.later(timedelta(hours=30))
        doubts = unsettled(ours.service.store)

    assert told(ours.journal)[-1] == "Held received/email stopped"
    assert [one.held for one in doubts] == [True]
    assert list(server.ids().values()) == [1]


def test_by_the_dial_it_is_sent_again_under_the_same_id_and_that_is_said(
    server: MailServer, tmp_path: Path
) -> None:
    with office(tmp_path, smtp=smtp(server.port), doubt=RESEND) as ours:
        killed_in_sending(ours)

    assert told(ours.journal)[-1] == "Sent received/email smtp"
    assert ours.journal.said("case-1", "notifications.delivery")[-1].times == 2  # type: ignore[attr-defined]  # a MessageSent
    assert list(server.ids().values()) == [2]


@pytest.mark.parametrize(
    ("answer", "ends"), [("arrived", ("Settled", 1)), ("dropped", ("Settled", 1)), ("again", ("Sent", 2))]
)
def test_staff_say_what_becomes_of_a_held_message(
    server: MailServer, tmp_path: Path, verb: Verb, answer: str, ends: tuple[str, int]
) -> None:
    with office(tmp_path, smtp=smtp(server.port)) as ours:
        killed_in_sending(ours)
        (message_id,) = server.ids()
        before = verb("held")

        code = verb("settle", message_id, answer)

        ours.again()
        ours.service.settle()
        after = verb("held")
        doubts = unsettled(ours.service.store)

    assert (before, code, after, doubts) == (1, 0, 0, [])
    assert (told(ours.journal)[-1].split()[0], server.ids()[message_id]) == ends


def test_only_what_is_held_can_be_settled(tmp_path: Path, verb: Verb) -> None:
    with office(tmp_path) as ours:
        ours.hear(opened(), event(SUBMITTED))

        assert verb("settle", "nothing@vouch.example", "again") == 1


def test_a_replay_of_everything_sends_no_mail_and_gives_the_same_rows(
    server: MailServer, tmp_path: Path
) -> None:
    server.to_recipient.extend(["451 later", "550 unknown"])
    server.to_data.extend([DIES])
    # Neither the hour nor its age is what keeps a message from being sent in a replay, whenever that is.
    awake, for_ever = TELLS + 'quiet = ""\n', timedelta(days=40_000)

    with office(tmp_path, smtp=smtp(server.port), clients=awake, try_for=for_ever) as ours:
        for case in "abcdef":
            ours.hear(opened(case=case), event(SUBMITTED, case=case), event(APPROVED, case=case))
        ours.later(timedelta(hours=1))
        before, said, taken = rows(ours.service.store), len(ours.journal.records), server.ids()
        store = rebuilt(ours)

        assert rows(store) == before
        store.close()
        ours.again()
        ours.later(timedelta(hours=30))

    assert server.ids() == taken
    assert len(ours.journal.records) == said
    assert len(before) == 6 + 12


def test_a_bounce_is_recorded_and_the_address_not_used_again(
    server: MailServer, tmp_path: Path, verb: Verb
) -> None:
    with office(tmp_path, smtp=smtp(server.port)) as ours:
        ours.hear(opened(), event(SUBMITTED))
        (message_id,) = server.ids()
        codes = [verb("bounce", "--message-id", f"<{message_id}>", "--reason", "5.1.1") for _ in range(2)]
        ours.again()
        ours.hear(event(APPROVED))

    assert codes == [0, 0]
    assert told(ours.journal).count("Bounced received/email 5.1.1") == 1
    assert told(ours.journal)[-1] == "Dropped complete/email bounced_before"


def test_a_bounce_of_no_message_of_ours_is_refused(tmp_path: Path, verb: Verb) -> None:
    assert verb("bounce", "--message-id", "x@y") == 1


def test_no_words_of_a_server_are_taken_as_a_bounces_reason(tmp_path: Path, verb: Verb) -> None:
    assert verb("bounce", "--message-id", "x@y", "--reason", "no mailbox ada@people.example") == 1
