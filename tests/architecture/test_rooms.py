"""Rooms stay apart where imports do not show it."""

from __future__ import annotations

import ast
import configparser
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Model

from config.services import beside
from protocol.catalogue import STREAMS

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("config", "verification", "streaming", "access", "events", "subscriber", "protocol", "consumers")
# Names that join rooms at run time, by string: only the composition root may.
BY_NAME = {"import_module", "get_model", "import_string", "__import__"}


def _packages() -> set[str]:
    found = [*ROOT.glob("*/__init__.py"), *ROOT.glob("clients/python/*/__init__.py")]
    return {path.parent.name for path in found}


def _sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted((ROOT / room).rglob("*.py"))


def _called_names(path: Path) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in calls}


def _loads_its_own_room_only(path: Path) -> bool:
    """Tell whether this is a room's `apps.py`, loading the room's own projections when tables are there."""
    room = path.relative_to(ROOT).parts[0]
    words = re.findall(r'import_module\("([^"]*)"\)', path.read_text())
    return path.name == "apps.py" and all(word.startswith(f"{room}.") for word in words)


def test_every_top_level_package_is_covered_by_the_import_contracts() -> None:
    linter = configparser.ConfigParser()
    linter.read(ROOT / ".importlinter")

    covered = set(linter["importlinter"]["root_packages"].split())

    assert _packages() == covered


def test_every_service_is_covered_by_the_independence_contract() -> None:
    linter = configparser.ConfigParser()
    linter.read(ROOT / ".importlinter")

    assert linter["importlinter:contract:services-apart"]["modules"].split() == ["consumers.*"]


def test_no_room_but_config_looks_another_up_by_name() -> None:
    found = {
        str(path.relative_to(ROOT)): _called_names(path) & BY_NAME
        for path in _sources(*ROOMS[1:])
        if _called_names(path) & BY_NAME and not _loads_its_own_room_only(path)
    }

    assert found == {}


# What a service reads besides what it follows: its own words, to compare; statistics, which have no place.
_READ_BESIDES = {"decisions": {"decisions.decision"}, "early_warning": {"verification.statistics"}}


@pytest.mark.parametrize("name", [one.name for one in beside()])
def test_the_catalogue_names_a_service_where_it_reads_and_nowhere_else(name: str) -> None:
    named = {stream.name for stream in STREAMS if name in stream.consumers}

    reads = {*import_module(f"consumers.{name}.service").SPEC.streams}
    assert named == reads | _READ_BESIDES.get(name, set())


def test_no_room_of_the_product_names_a_service() -> None:
    services = {one.name for one in beside()}

    def named(path: Path) -> set[str]:
        strings = (n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant))
        return services & {text for text in strings if isinstance(text, str)}

    rooms = ("config", "events", "access", "verification", "streaming", "subscriber")
    assert {str(path.relative_to(ROOT)): named(path) for path in _sources(*rooms) if named(path)} == {}


def test_no_table_refers_to_a_table_of_another_room() -> None:
    def crosses(model: type[Model]) -> list[str]:
        related = [f.related_model for f in model._meta.get_fields() if f.is_relation and f.related_model]
        return [r._meta.label for r in related if r._meta.app_label != model._meta.app_label]

    ours = [m for m in apps.get_models() if m._meta.app_label in ROOMS]

    assert {m._meta.label: crosses(m) for m in ours if crosses(m)} == {}


def test_the_environment_is_read_in_settings_modules_only() -> None:
    def reads(path: Path) -> bool:
        return any(
            isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
            for node in ast.walk(ast.parse(path.read_text()))
        )

    readers = {str(p.relative_to(ROOT)) for p in _sources(*ROOMS) if reads(p)}

    allowed = {
        "config/environment.py",
        "config/supervisor.py",  # hands the environment on to its children
        "config/asgi.py",  # names Django's settings module
        "subscriber/serving/settings.py",  # what every service is told
        *(f"consumers/{path.parent.name}/settings.py" for path in (ROOT / "consumers").glob("*/settings.py")),
        "verification/pipeline/workers.py",  # tells libraries of a vision process to use one thread
    }
    assert readers <= allowed


@pytest.mark.parametrize(
    "package", ["protocol", "subscriber", "consumers.audit", "consumers.decisions", "consumers.mirror"]
)
def test_a_service_and_what_it_knows_load_without_django(package: str) -> None:
    code = f"import {package}, sys; sys.exit('django' in sys.modules)"

    environment = {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python")}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=False)

    assert done.returncode == 0
