"""A client's policies: those that it has said, beside the ones that every client has from its first day."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.db import transaction

from access.models import ClientPolicy
from events import journal
from events.journal import Draft
from events.retrying import retried
from protocol.policies import Policy, PolicyRef, WrongPolicy, in_force, read, read_again, write
from protocol.problems import Refused
from protocol.schemas import client_v1_pb2 as c

__all__ = ["change_policy", "policies_of"]

_READ: Final = 1_000
# Names of a client's own, each with its newest version: a case's opening reads them all.
_MOST_NAMES: Final = 100


def policies_of(client: str) -> tuple[Policy, ...]:
    """Give the policies in force for a client: of each name the newest version."""
    rows = ClientPolicy.objects.filter(client=client, newest=True).order_by("name")
    return in_force(_read(PolicyRef(row.name, row.version), row.content) for row in rows)


@retried
def change_policy(*, client: str, name: str, text: str, now: datetime) -> Policy:
    """Make a client's policy be as a text says, from the next case on; the same again changes nothing.

    Args:
        client: whose.
        name: within the client; a shipped one's too.
        text: in the policies' language.
        now: the moment.

    Returns:
        The policy, with its version.

    Raises:
        Refused: `invalid_policy`: it has an error, and nothing of it is taken.
    """
    with transaction.atomic():
        journal.hold(client)
        held = {policy.ref.name: policy for policy in policies_of(client)}
        before = held.get(name)
        said = _checked(text, PolicyRef(name, 1 if before is None else before.ref.version + 1))
        if before is not None and write(before) == write(said):
            return before
        if before is None and len(held) >= _MOST_NAMES:
            raise Refused(
                "invalid_policy", f"a client has at most {_MOST_NAMES} policies; change one of them"
            )
        changed = c.PolicyChanged(name=name, version=said.ref.version, content=_content(said))
        journal.record([Draft(message=changed, subject=client, client=client, source="access")], now=now)
    return said


def _checked(text: str, ref: PolicyRef) -> Policy:
    try:
        return read(text, ref)
    except WrongPolicy as error:
        where: dict[str, object] = {"field": error.pointer} if error.pointer else {}
        raise Refused("invalid_policy", str(error), **where) from error


def _content(policy: Policy) -> str:
    """Write a policy so that equal ones are equal bytes."""
    return json.dumps(write(policy), sort_keys=True, separators=(",", ":"))


@lru_cache(_READ)
def _read(ref: PolicyRef, content: str) -> Policy:
    return read_again(content, ref)
