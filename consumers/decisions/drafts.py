"""A draft of a policy, and which of the past cases it is tried on."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from protocol.policies import Policy, PolicyRef, Stake, in_force, read_again, write
from protocol.records import Recorded
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import Store

__all__ = ["DRAFT", "Draft", "Pinning"]

# The name and version under which a draft is run; no policy of a client's comes to the version.
DRAFT: Final = PolicyRef("draft", 2**32 - 1)
_CHANGED: Final = client.PolicyChanged.DESCRIPTOR.full_name


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy that is not in force, tried on past cases.

    `client`: whose; empty: every client's. `name`: those that were opened under a policy of this name; empty:
    those whose stake the draft is for, and all of them where it is for none. `by_stake`: with a name, those
    whose stake it is for as well.
    """

    client: str
    policy: Policy
    name: str = ""
    by_stake: bool = False

    def __str__(self) -> str:
        """Say which cases it is tried on."""
        whose = f"cases of {self.client}" if self.client else "cases of every client"
        named = [f"opened under the policy {self.name!r}"] if self.name else []
        stakes = _stakes(self.policy) if self.by_stake or not self.name else ""
        which = " or ".join([*named, *([f"with a stake {stakes}"] if stakes else [])])
        return f"{whose} {which}".rstrip()

    def takes(self, owner: str, said: verification.CaseOpened, others: tuple[Policy, ...]) -> bool:
        """Tell whether it is tried on a case.

        Args:
            owner: the case's client.
            said: its opening.
            others: the policies that were in force for that client.
        """
        if self.client not in {"", owner}:
            return False
        if self.name and said.policy_name == self.name:
            return True
        if self.policy.stake is None and not self.policy.otherwise:
            return not self.name
        return (self.by_stake or not self.name) and self._is_for(said, others)

    def _is_for(self, said: verification.CaseOpened, others: tuple[Policy, ...]) -> bool:
        stakes = [self.policy.stake] if self.policy.stake else [other.stake for other in others]
        covered = said.HasField("stake") and any(
            stake is not None and stake.covers(said.stake.amount, said.stake.currency) for stake in stakes
        )
        return covered is not self.policy.otherwise


def _stakes(policy: Policy) -> str:
    match policy.stake:
        case Stake(currency=currency, over=over, up_to=up_to):
            amounts = [
                *([f"over {over}"] if over is not None else []),
                *([f"up to {up_to}"] if up_to else []),
            ]
            return f"{' and '.join(amounts) or 'of any amount'} in {currency}"
        case _:
            return "that no other policy is for" if policy.otherwise else ""


class Pinning:
    """Pins the cases of a run over history to a draft, and has the service find it for their clients."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._store: Store | None = None
        # The clients for whom the service finds it.
        self._has: set[str] = set()
        self._own: defaultdict[str, list[Policy]] = defaultdict(list)

    def live_on(self, store: Store) -> None:
        """Have the run's own rows, once their tables are made."""
        self._store = store

    def note(self, record: Recorded) -> None:
        """Keep which policies are in force, where it depends on them whether the draft is for a stake."""
        if record.type == _CHANGED and self._draft.policy.otherwise:
            said = client.PolicyChanged.FromString(record.payload)
            self._own[record.client].append(read_again(said.content, PolicyRef(said.name, said.version)))

    def pin(self, owner: str, said: verification.CaseOpened) -> bool:
        """Pin a case that is being opened, if the draft is tried on it; not in a transaction.

        Args:
            owner: the case's client.
            said: its opening, which is changed.
        """
        others = in_force(self._own[owner]) if self._draft.policy.otherwise else ()
        if not self._draft.takes(owner, said, others):
            return False
        if self._store is not None and owner not in self._has:
            self._has.add(owner)
            _put(owner, self._draft.policy, self._store)
        said.policy_name, said.policy_version = DRAFT.name, DRAFT.version
        return True


def _put(owner: str, policy: Policy, store: Store) -> None:
    with store.transaction():
        store.execute(
            "INSERT INTO policies (client, name, version, content) VALUES (?, ?, ?, ?)",
            (owner, DRAFT.name, DRAFT.version, json.dumps(write(policy))),
        )
