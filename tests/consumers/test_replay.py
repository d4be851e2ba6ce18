"""A replay of everything gives every service's rows as they are, and nobody is told anything again.

A service that lies beside the product is found by its `service.toml`: it is asked here as well, or it keeps a
record that is never made anew, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from subscriber.rebuild import NeverAnew, rebuild
from tests.consumers.door import door, write_run_file
from tests.consumers.everybody import ENDS, NAMES, described, fingerprint, lived_through, running, settle
from tests.consumers.journal import MemoryJournal
from tests.consumers.notifications.histories import APPLICANT, KEY
from tests.consumers.notifications.mail import MailServer, mail_server
from tests.consumers.notifications.office import TELLS

pytestmark = pytest.mark.slow


@dataclass
class World:
    """What happened, and the mail that came of it."""

    folder: Path
    journal: MemoryJournal
    mail: MailServer

    def place(self, name: str) -> str:
        """Where a service's rows are now."""
        return str(described(name, self.folder, self.journal).versions.current())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, journal = tmp_path_factory.mktemp("everybody"), MemoryJournal()
    (folder / "notifications").mkdir()
    (folder / "notifications" / "clients.toml").write_text(TELLS)
    with (
        pytest.MonkeyPatch.context() as patch,
        mail_server() as mail,
        door(journal, {APPLICANT: KEY}) as url,
    ):
        patch.setenv("VOUCH_SMTP_URL", f"smtp+plain://127.0.0.1:{mail.port}")
        patch.setenv("VOUCH_NOTIFICATIONS_SENDER", "no-reply@vouch.example")
        patch.setenv("VOUCH_NOTIFICATIONS_STAFF", "staff@vouch.example")
        patch.setenv("VOUCH_NOTIFICATIONS_SINCE", "2026-01-01")
        write_run_file(folder, url, *NAMES)
        lived_through(folder, journal)
        yield World(folder, journal, mail)


def test_the_history_is_rich(world: World) -> None:
    said = {record.type.rpartition(".")[2] for record in world.journal.records}

    assert said > {"DecisionReached", "DecisionCorrected", "DecisionExpired", "MessageSent", "WarningRaised"}
    assert len(world.mail.taken) > len({"approved", "declined", "doubted", "corrected"})


@pytest.mark.parametrize("name", NAMES)
def test_every_service_has_lived_through_it(world: World, name: str) -> None:
    assert any(not table.startswith("subscriber_") for table in fingerprint(world.place(name)))


@pytest.mark.parametrize("name", NAMES)
def test_a_replay_of_everything_gives_the_same_rows_and_tells_nobody_again(world: World, name: str) -> None:
    service = described(name, world.folder, world.journal)
    before, said, sent = fingerprint(world.place(name)), len(world.journal.records), len(world.mail.taken)

    if service.subscriber.recording is not None:
        with pytest.raises(NeverAnew):
            rebuild(service)
    else:
        rebuild(service)
        assert world.place(name).endswith(".v2.sqlite3")

    # What was due since the last event is for the version that lives: it says it again, which is no news.
    with running(world.folder, world.journal, ENDS) as every:
        settle(every, world.journal)

    assert fingerprint(world.place(name)) == before
    assert (len(world.journal.records), len(world.mail.taken)) == (said, sent)
