"""The language in which a client writes a policy: JSON, refused whole with the line that is wrong.

    {"stake": {"currency": "GBP", "over": "10.00", "up_to": "100.00"},
     "rules": [{"outcome": "decline", "when": {"check": "tamper", "is": ["rejected"]}},
               {"outcome": "approve", "when": {"all_of": [{"check": "register", "is": ["clear"]},
                                                          {"age": "proven"}]}}],
     "provisional": null,
     "not_applicable": {"register": "caution"},
     "away": {"register": {"trust_up_to": {"amount": "20.00", "currency": "GBP"}}},
     "deadline_s": 8}

`stake` may also be "otherwise": any that no other policy is for; or null: the policy is asked for by name.
What holds is said by `all_of`, `any_of`, `unless`, `check` with `is`, `checks` ("all", or a list) with
`every` or `any`, `part` ("face_match/similarity") with `at_least`, `document`, and `age`: `docs/policies.md`.
`away` may also be "refer" for the register, nothing is approved on trust, or "trust", as staff allow it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from protocol.checks import CHECKS, Check, Grade
from protocol.currencies import CURRENCIES
from protocol.policies.compiled import CompiledPolicy
from protocol.policies.conditions import condition, written
from protocol.policies.diagram import TooComplicated
from protocol.policies.formula import (
    ALWAYS,
    NO_DECISION,
    Formula,
    Outcome,
    Policy,
    PolicyRef,
    Rule,
    Stake,
    Trust,
)
from protocol.policies.reading import Json, Place, WrongPolicy, place_of

__all__ = ["LONGEST", "WrongPolicy", "read", "read_again", "write"]

# Characters of a policy's text.
LONGEST: Final = 32_768
_MOST_RULES: Final = 100
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
_MEMBERS: Final = frozenset({"stake", "rules", "provisional", "not_applicable", "away", "deadline_s"})
_RULE: Final = frozenset({"outcome", "when"})
_STAKE: Final = frozenset({"currency", "over", "up_to"})
_AWAY: Final = frozenset({"register"})
_NARROWER: Final = frozenset({"trust_up_to"})
_MONEY: Final = frozenset({"amount", "currency"})
_TRUST: Final = {"trust": Trust(), "refer": Trust(given=False)}
# At 15 s a case's own deadline ends what still runs.
_LATEST_S: Final = 15
_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
_CURRENCIES: Final = {code: code for code in CURRENCIES}
_CHECKS: Final = {check.value: check for check in CHECKS}
_COUNTED: Final = {grade.value: grade for grade in Grade if grade is not Grade.NOT_APPLICABLE}


def read(text: str, ref: PolicyRef) -> Policy:
    """Read a policy that is new, and check that it can be asked.

    Args:
        text: as the client wrote it.
        ref: the name and version that it gets.

    Raises:
        WrongPolicy: it has an error, and nothing of it is taken; says the line.
    """
    members, policy = _parsed(text, ref)
    _try(policy, members)
    return policy


def read_again(text: str, ref: PolicyRef) -> Policy:
    """Read a policy that was taken before, without asking once more whether it makes sense.

    Raises:
        WrongPolicy: it is not in the language.
    """
    return _parsed(text, ref)[1]


def _parsed(text: str, ref: PolicyRef) -> tuple[dict[str, Place], Policy]:
    if not _NAME.fullmatch(ref.name) or ref.name == NO_DECISION.name:
        raise WrongPolicy(
            "a policy's name has 1 to 64 of a-z, 0-9 and _, begins with a letter and is not none"
        )
    members = place_of(text, longest=LONGEST).members(_MEMBERS, needed={"rules"})
    stake, otherwise = _stake(members.get("stake"))
    policy = Policy(
        ref=ref,
        rules=_rules(members["rules"]),
        provisional=_optional(members.get("provisional")),
        stake=stake,
        otherwise=otherwise,
        counts_as=_counts_as(members.get("not_applicable")),
        register_away=_register_away(members.get("away")),
        deadline_s=_deadline(members.get("deadline_s")),
    )
    return members, policy


def _rules(place: Place) -> tuple[Rule, ...]:
    return tuple(_rule(item) for item in place.items(most=_MOST_RULES))


def _rule(place: Place) -> Rule:
    said = place.members(_RULE, needed=("outcome",))
    when = ALWAYS if "when" not in said else condition(said["when"])
    return Rule(said["outcome"].word(_OUTCOMES), when)


def _optional(place: Place | None) -> Formula | None:
    return None if place is None or place.value is None else condition(place)


def _stake(place: Place | None) -> tuple[Stake | None, bool]:
    """Read which stakes it is for, and whether it is for all that no other policy is for."""
    if place is None or place.value is None:
        return None, False
    if place.value == "otherwise":
        return None, True
    said = place.members(_STAKE, needed=("currency",))
    over, up_to = _amount(said.get("over")), _amount(said.get("up_to"))
    if over is not None and up_to is not None and over >= up_to:
        said["up_to"].wrong("no stake is over the one amount and up to the other")
    return Stake(currency=said["currency"].word(_CURRENCIES), over=over, up_to=up_to), False


def _amount(place: Place | None) -> Decimal | None:
    if place is None or place.value is None:
        return None
    if not isinstance(place.value, str) or not _AMOUNT.fullmatch(place.value):
        place.wrong('an amount is a decimal in quotes, "10.00"')
    return Decimal(place.value)


def _counts_as(place: Place | None) -> tuple[tuple[Check, Grade], ...]:
    if place is None:
        return ()
    said = place.members(_CHECKS)
    return tuple((_CHECKS[name], said[name].word(_COUNTED)) for name in _CHECKS if name in said)


def _register_away(place: Place | None) -> Trust:
    said = {} if place is None else place.members(_AWAY)
    return _trust(said["register"]) if "register" in said else Trust()


def _trust(place: Place) -> Trust:
    if isinstance(place.value, str) and place.value in _TRUST:
        return _TRUST[place.value]
    if not isinstance(place.value, dict):
        place.wrong('this must be "refer", "trust", or an object with trust_up_to')
    money = place.members(_NARROWER, needed=_NARROWER)["trust_up_to"].members(_MONEY, needed=_MONEY)
    up_to = _amount(money["amount"])
    if up_to is None:
        money["amount"].wrong('an amount is a decimal in quotes, "10.00"')
    return Trust(stakes=Stake(currency=money["currency"].word(_CURRENCIES), up_to=up_to))


def _deadline(place: Place | None) -> int | None:
    if place is None or place.value is None:
        return None
    seconds = place.value
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 1 <= seconds <= _LATEST_S:
        place.wrong(f"a deadline is a whole number of seconds from submit, 1 to {_LATEST_S}")
    return seconds


def _try(policy: Policy, members: dict[str, Place]) -> None:
    """Refuse what can be read and makes no sense: what never decides, or approves everybody."""
    rules = members["rules"]
    try:
        ready = CompiledPolicy(policy)
        anybody = ready.left({}, aged=False, barred=False).outcomes
    except TooComplicated as error:
        rules.wrong(f"{error}: write fewer or simpler rules")
    for place, decides in zip(rules.items(most=_MOST_RULES), ready.decides, strict=True):
        if not decides:
            place.wrong(
                "this rule can never decide: those before it, or what no policy lifts, leave it nothing"
            )
    if anybody == {Outcome.APPROVE}:
        rules.wrong("this approves everybody, whatever the facts are; let a fact decide")
    if "away" in members:
        _try_away(policy, ready, members["away"].members(_AWAY).get("register"))


def _try_away(policy: Policy, ready: CompiledPolicy, place: Place | None) -> None:
    """Refuse what is said of the register's absence where it could have no effect."""
    if place is None:
        return
    if not ready.reads(Check.REGISTER):
        place.wrong("no rule's outcome depends on register, so nothing waits for it; leave this out")
    trusted, stake = policy.register_away.stakes, policy.stake
    if trusted is not None and stake is not None and trusted.currency != stake.currency:
        place.wrong(f"the policy is for stakes in {stake.currency}; say how much of these is trusted")


def write(policy: Policy) -> dict[str, Json]:
    """Write a policy as `read` takes it; what `away` and `deadline_s` do not say is left out.

    So it is read by who does not know of them yet, and the text of a policy without them is as it ever was.
    """
    trust, deadline_s = policy.register_away, policy.deadline_s
    return {
        "stake": _written_stake(policy),
        "rules": [
            {"outcome": rule.outcome.value, **({} if rule.when == ALWAYS else {"when": written(rule.when)})}
            for rule in policy.rules
        ],
        "provisional": None if policy.provisional is None else written(policy.provisional),
        "not_applicable": {check.value: grade.value for check, grade in policy.counts_as},
        **({} if trust == Trust() else {"away": {"register": _written_trust(trust)}}),
        **({} if deadline_s is None else {"deadline_s": deadline_s}),
    }


def _written_trust(trust: Trust) -> Json:
    most = trust.stakes
    if most is None:
        return "trust" if trust.given else "refer"
    return {"trust_up_to": {"amount": str(most.up_to), "currency": most.currency}}


def _written_stake(policy: Policy) -> Json:
    stake = policy.stake
    if stake is None:
        return "otherwise" if policy.otherwise else None
    amounts = {"over": stake.over, "up_to": stake.up_to}
    said: dict[str, Json] = {name: str(value) for name, value in amounts.items() if value is not None}
    return {"currency": stake.currency, **said}
