"""The list of processes: what the settings ask for, in an order that can start, each with its own only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from config.environment import Environment, WrongSetting
from config.processes import Process, listed
from config.services import beside
from config.supervisor import Supervisor
from tests.config.installations import EMBEDDED, FULL

SERVICES = [one.name for one in beside()]


def names(settings: Environment) -> list[str]:
    return [process.name for process in listed(settings, register_port=8100)]


def test_nothing_set_is_the_embedded_profile() -> None:
    assert names(EMBEDDED) == ["web", "pipeline", "feed", *SERVICES, "register"]


def test_the_full_profile_gives_positions_first_and_carries_to_kafka() -> None:
    wanted = ["sequencer", "web", "pipeline", "feed", "relay", *SERVICES, "register"]

    assert names(FULL) == wanted


def test_only_the_services_that_are_wanted_run() -> None:
    assert names(replace(EMBEDDED, services=frozenset())) == ["web", "pipeline", "feed", "register"]


def test_a_service_that_lodges_inside_has_no_process_and_the_pipeline_has_its_settings() -> None:
    found = {p.name: p for p in listed(replace(EMBEDDED, inside=frozenset({"fraud"})), register_port=8100)}

    assert "fraud" not in found
    assert "VOUCH_FRAUD_SINCE" not in found["pipeline"].hidden
    assert all("VOUCH_FRAUD_SINCE" in found[name].hidden for name in ("web", "feed", "decisions"))


def test_nobody_lodges_inside_who_is_not_there() -> None:
    with pytest.raises(WrongSetting, match="no service is named nobody"):
        listed(replace(EMBEDDED, inside=frozenset({"nobody"})), register_port=8100)


def test_a_service_gets_its_own_settings_and_nobody_elses() -> None:
    found = {process.name: process for process in listed(EMBEDDED, register_port=8100)}

    assert "VOUCH_DECISIONS_DATABASE_URL" not in found["decisions"].hidden
    assert all("VOUCH_DECISIONS_DATABASE_URL" in found[name].hidden for name in ("web", "feed", "register"))


def test_a_register_of_the_operators_is_not_started_by_us() -> None:
    assert "register" not in names(replace(EMBEDDED, register_url="https://register.example"))


@pytest.mark.parametrize("name", ["decisions", "register"])
def test_who_stands_outside_is_not_told_where_our_database_is(name: str) -> None:
    secret = {"VOUCH_DATABASE_URL": "ours", "VOUCH_REDIS_URL": "ours", "VOUCH_KAFKA": "shared"}
    found = listed(FULL, register_port=8100)
    process = next(p for p in found if p.name == name)

    shown = Supervisor(found, secret, print, Path())._environment_of(process)

    assert "ours" not in shown.values()
    assert ("shared" in shown.values()) == (name == "decisions")


def test_what_a_process_alone_gets_comes_over_what_all_get() -> None:
    process = Process("p", (), environment={"A": "own"}, hidden=("B",))

    assert Supervisor((process,), {"A": "all", "B": "b"}, print, Path())._environment_of(process) == {
        "A": "own"
    }
