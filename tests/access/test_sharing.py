"""Who is compared with whom: said with its ground, journalled, and over when it is over."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from access.models import SharingMember
from access.sharing import join_group, leave_group, members_of
from events.journal import after
from protocol.problems import Refused
from tests.access.conftest import NOW

pytestmark = pytest.mark.django_db(databases="__all__")
GROUND = "fraud prevention, agreement of 2026-04-01"


def join(client: str, **changes: object) -> None:
    join_group(**{"client": client, "group": "betting-uk", "legal_ground": GROUND, "now": NOW, **changes})  # type: ignore[arg-type]  # by name


def said() -> list[str]:
    return [type(event.message).__name__ for event in after(0, streams=["client.sharing"])]


def test_a_member_is_known_with_its_ground_and_its_dates(client_and_key: tuple[str, str]) -> None:
    join(client_and_key[0], until=NOW + timedelta(days=365))

    (row,) = members_of(client_and_key[0])
    assert (row.sharing_group, row.legal_ground, row.left_at_us) == ("betting-uk", GROUND, 0)
    assert 0 < row.from_us < row.until_us


def test_said_again_it_is_one_event_and_with_another_end_two(client_and_key: tuple[str, str]) -> None:
    join(client_and_key[0])
    join(client_and_key[0])
    join(client_and_key[0], until=NOW + timedelta(days=1))

    assert said() == ["SharingJoined", "SharingJoined"]
    assert SharingMember.objects.count() == 1


def test_who_has_left_may_leave_again_and_join_again(client_and_key: tuple[str, str]) -> None:
    client = client_and_key[0]
    join(client)
    for _ in range(2):
        leave_group(client=client, group="betting-uk", now=NOW)
    assert members_of(client)[0].left_at_us > 0

    join(client)

    assert said() == ["SharingJoined", "SharingLeft", "SharingJoined"]
    assert members_of(client)[0].left_at_us == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client": "cl_nobody"}, "not_found"),
        ({"group": "Betting UK"}, "invalid"),
        ({"legal_ground": " "}, "invalid"),
        ({"until": NOW}, "invalid"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(
    client_and_key: tuple[str, str], changes: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        join(**{"client": client_and_key[0], **changes})  # type: ignore[arg-type]  # by name

    assert refused.value.code == code
    assert said() == []


def test_nobody_leaves_a_group_that_it_was_never_in(client_and_key: tuple[str, str]) -> None:
    with pytest.raises(Refused):
        leave_group(client=client_and_key[0], group="betting-uk", now=NOW)


def run(*words: str) -> str:
    out = StringIO()
    call_command("sharing", *words, stdout=out)
    return out.getvalue()


def test_the_command_says_who_is_in_which_group_and_why(client_and_key: tuple[str, str]) -> None:
    client = client_and_key[0]
    assert run("list") == "nobody is in a sharing group\n"

    joined = run("join", client, "betting-uk", "--ground", GROUND, "--until", "2099-12-31")
    assert joined.startswith(f"betting-uk {client} from ")
    assert joined.endswith(f" to 2099-12-31: {GROUND}\n")
    assert "(over)" in run("leave", client, "betting-uk")


def test_the_command_says_what_is_wrong(client_and_key: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="2028-01-01"):
        run("join", client_and_key[0], "g", "--ground", GROUND, "--until", "soon")
    with pytest.raises(CommandError, match="no client"):
        run("join", "cl_nobody", "g", "--ground", GROUND)
