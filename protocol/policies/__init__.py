"""Policies: which outcome follows from which facts, as data; their language; which one a stake calls for."""

from __future__ import annotations

from protocol.policies.choosing import NoPolicy, WrongStake, choose, in_force, policy_of
from protocol.policies.compiled import AGAINST, AGE, DOCUMENT, CompiledPolicy, score_name
from protocol.policies.diagram import Diagram, Left
from protocol.policies.formula import (
    ALWAYS,
    NO_DECISION,
    AgeProven,
    AllOf,
    AnyOf,
    Atom,
    CheckIs,
    DocumentIs,
    Formula,
    Outcome,
    Policy,
    PolicyRef,
    Rule,
    ScoreAtLeast,
    Stake,
    Trust,
    Unless,
)
from protocol.policies.language import WrongPolicy, read, read_again, write
from protocol.policies.shipped import SHIPPED

__all__ = [
    "AGAINST",
    "AGE",
    "ALWAYS",
    "DOCUMENT",
    "NO_DECISION",
    "SHIPPED",
    "AgeProven",
    "AllOf",
    "AnyOf",
    "Atom",
    "CheckIs",
    "CompiledPolicy",
    "Diagram",
    "DocumentIs",
    "Formula",
    "Left",
    "NoPolicy",
    "Outcome",
    "Policy",
    "PolicyRef",
    "Rule",
    "ScoreAtLeast",
    "Stake",
    "Trust",
    "Unless",
    "WrongPolicy",
    "WrongStake",
    "choose",
    "in_force",
    "policy_of",
    "read",
    "read_again",
    "score_name",
    "write",
]
