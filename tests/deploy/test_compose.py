"""The compose file says what the rest of the repository says; Docker itself is not asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.environment import ROOT
from deploy.full.place import DATABASES
from deploy.servers.kafka_jars import VERSION

Compose = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> Compose:
    found: Compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    return found


def _ports(compose: Compose) -> dict[str, str]:
    """Which port of this machine each server has."""
    return {name: s["ports"][0].split(":")[1] for name, s in compose["services"].items() if "ports" in s}


def test_no_port_is_open_to_other_machines(compose: Compose) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_product_is_told_of_every_server_where_it_is(compose: Compose) -> None:
    told = " ".join(compose["services"]["vouch"]["environment"].values())

    assert {name for name, port in _ports(compose).items() if f"127.0.0.1:{port}" in told} == {
        "postgres",
        "redis",
        "kafka",
    }


def test_the_product_waits_until_every_server_is_well(compose: Compose) -> None:
    waited_for = compose["services"]["vouch"]["depends_on"]

    assert waited_for.keys() == compose["services"].keys() - {"vouch"}
    assert all("healthcheck" in compose["services"][name] for name in waited_for)


def test_no_password_is_written_into_the_file(compose: Compose) -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text()

    assert set(re.findall(r"(?i)password[:=] *(\S+)", text)) <= {
        "${VOUCH_PASSWORD:?export",
        "${VOUCH_PASSWORD}",
        "$(openssl",
    }


def test_kafka_is_of_the_version_that_the_tests_run_on(compose: Compose) -> None:
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{VERSION}"


def test_the_databases_are_those_of_the_full_profile_without_docker() -> None:
    script = (ROOT / "deploy" / "compose_databases.sh").read_text()
    looped = re.findall(r"for name in ([a-z_ ]+);", script)[0].split()

    assert tuple(looped) == DATABASES["vouch"]
    assert set(re.findall(r"^make_role (\w+)", script, re.MULTILINE)) == DATABASES.keys()


def test_files_that_compose_names_are_there(compose: Compose) -> None:
    services = compose["services"].values()
    mounted = [v.split(":")[0] for s in services for v in s.get("volumes", ()) if v.startswith("./")]

    assert mounted == ["./compose_databases.sh"]
    assert all((ROOT / "deploy" / path).is_file() for path in [*mounted, "Dockerfile"])
    assert Path(ROOT / "requirements" / "web.txt").is_file()
