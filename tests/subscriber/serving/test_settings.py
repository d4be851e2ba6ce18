"""What every service is told: where its rows lie, and where the product's door is."""

from __future__ import annotations

from pathlib import Path

import pytest

from subscriber.serving import Door, ProductAway, ServiceSettings, WrongRunFile, settings_of


def test_the_run_file_says_where_the_door_is(tmp_path: Path) -> None:
    settings = settings_of("decisions", {"VOUCH_DATA": str(tmp_path)})
    settings.run_file.write_text('{"door": "http://127.0.0.1:1", "keys": {"decisions": "secret"}}')

    assert settings.door() == Door("http://127.0.0.1:1", "secret")
    assert "secret" not in repr(settings.door())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"door": "x", "keys": {"fraud": "k"}}'])
def test_a_run_file_without_a_key_for_us_is_refused(tmp_path: Path, text: str) -> None:
    settings = ServiceSettings("decisions", tmp_path)
    settings.run_file.write_text(text)

    with pytest.raises(WrongRunFile, match="decisions"):
        settings.door()


def test_without_a_run_file_there_is_no_door_yet(tmp_path: Path) -> None:
    with pytest.raises(ProductAway, match="is not there"):
        ServiceSettings("decisions", tmp_path).door()


def test_each_service_has_a_file_of_its_own_or_the_database_that_its_variable_names(tmp_path: Path) -> None:
    variables = {"VOUCH_DATA": str(tmp_path), "VOUCH_EARLY_WARNING_DATABASE_URL": "postgresql://u:word@h/d"}

    one, other = settings_of("early_warning", variables), settings_of("audit", variables)

    assert one.database == "postgresql://u:word@h/d"
    assert "word" not in repr(one)
    assert other.database == str(tmp_path / "audit.sqlite3")


def test_the_cluster_is_named_by_the_environment(tmp_path: Path) -> None:
    found = settings_of("decisions", {"VOUCH_DATA": str(tmp_path), "VOUCH_KAFKA": "127.0.0.1:9092"})

    assert found.kafka is not None
    assert found.kafka.bootstrap == "127.0.0.1:9092"
    assert settings_of("decisions", {"VOUCH_DATA": str(tmp_path)}).kafka is None
