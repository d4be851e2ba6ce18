"""Where rows lie: files without a setting, one server's databases with one; other settings are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.databases import ALIASES, databases
from config.environment import Environment, WrongSetting, environment
from tests.config.installations import EMBEDDED


def _settings(data: Path, url: str) -> Environment:
    return replace(EMBEDDED, data=data, database_url=url)


def test_without_a_setting_every_database_is_a_file_of_its_own(tmp_path: Path) -> None:
    found = databases(_settings(tmp_path, ""))

    names = {alias: Path(str(database["NAME"])).name for alias, database in found.items()}
    assert names == {
        "default": "main.sqlite3",
        "keys": "keys.sqlite3",
        "feed": "feed.sqlite3",
        "statistics": "statistics.sqlite3",
    }


def test_with_an_address_all_four_lie_on_its_server_by_their_names(tmp_path: Path) -> None:
    found: dict[str, dict[str, Any]] = databases(
        _settings(tmp_path, "postgresql://v%40uch:p%2Fw@db.example:6543/vouch")
    )

    assert [found[alias]["NAME"] for alias in ALIASES] == [
        "vouch",
        "vouch_keys",
        "vouch_feed",
        "vouch_statistics",
    ]
    where = {(d["USER"], d["PASSWORD"], d["HOST"], d["PORT"]) for d in found.values()}
    assert where == {("v@uch", "p/w", "db.example", "6543")}


def test_how_the_server_is_recognised_is_taken_from_the_address(tmp_path: Path) -> None:
    url = "postgresql://vouch@db.example/vouch?sslmode=verify-full&sslrootcert=%2Fca.pem"

    found: dict[str, dict[str, Any]] = databases(_settings(tmp_path, url))

    options = [found[alias]["OPTIONS"] for alias in ALIASES]
    assert {(o["sslmode"], o["sslrootcert"]) for o in options} == {("verify-full", "/ca.pem")}


def test_a_connection_knows_within_15_s_that_its_other_end_is_gone(tmp_path: Path) -> None:
    found: dict[str, dict[str, Any]] = databases(_settings(tmp_path, "postgresql://vouch@db.example/vouch"))

    for alias in ALIASES:
        options = found[alias]["OPTIONS"]
        assert (options["tcp_user_timeout"], options["keepalives_idle"]) == (15_000, 5)
        assert "-c tcp_user_timeout=15000" in options["options"]


@pytest.mark.parametrize(
    "url",
    ["mysql://u:hunter2@h/d", "postgresql://u:hunter2@", "postgresql://host", "postgresql:///name", "vouch"],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCH_DATABASE_URL", url)
    environment.cache_clear()

    try:
        with pytest.raises(WrongSetting, match="VOUCH_DATABASE_URL cannot be used") as refused:
            environment()
    finally:
        environment.cache_clear()

    assert "hunter2" not in str(refused.value)
