"""Settings: typed, with defaults that work, refused by name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.environment import ROOT, WrongSetting, environment

READ = "from config.environment import environment as e; s = e(); print(s.port, s.workers, s.data, s.secret)"


def read(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process that has only these variables."""
    names = ("PORT", "VOUCH_WORKERS", "VOUCH_DOOR_PORT", "VOUCH_REGISTER_URL")
    plain = {name: value for name, value in os.environ.items() if name not in names}
    environment = plain | {"VOUCH_DATA": str(tmp_path / "state")} | variables
    command = [sys.executable, "-c", READ]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    port, workers, data, _secret = read(tmp_path).stdout.split()

    assert (port, workers, data) == ("8000", "2", str(tmp_path / "state"))


@pytest.fixture
def refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What is said when the settings are read in this process with these variables set."""
    monkeypatch.setenv("VOUCH_DATA", str(tmp_path / "state"))

    def refused(**variables: str) -> str:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(WrongSetting) as said:
            environment.__wrapped__()
        return str(said.value)

    return refused


@pytest.mark.parametrize("value", ["", "no", "0", "70000", "-1", "80.5"])
def test_a_port_that_is_none_is_refused_with_the_variables_name(
    value: str, refusal: Callable[..., str]
) -> None:
    assert refusal(PORT=value).startswith(f"PORT is {value!r}; it must be a whole number from 1 to 65535")


def test_a_process_that_is_given_a_wrong_setting_ends_and_says_which(tmp_path: Path) -> None:
    refused = read(tmp_path, PORT="no")

    assert refused.returncode != 0
    assert "PORT is 'no'" in refused.stderr


def test_the_secret_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    first, second = read(tmp_path).stdout.split()[3], read(tmp_path).stdout.split()[3]

    assert first == second
    assert (tmp_path / "state" / "secret").stat().st_mode & 0o077 == 0


def test_records_are_not_kept_for_less_than_clients_were_promised(
    tmp_path: Path, refusal: Callable[..., str]
) -> None:
    said = refusal(VOUCH_FEED_DAYS="89")

    assert "VOUCH_FEED_DAYS is '89'; it must be a whole number from 90" in said
    assert read(tmp_path, VOUCH_FEED_DAYS="365").returncode == 0


@pytest.mark.parametrize("value", ["localhost:6379", "http://localhost"])
def test_a_doorbell_that_is_no_redis_is_refused_with_the_variables_name(
    value: str, refusal: Callable[..., str]
) -> None:
    assert "VOUCH_REDIS_URL cannot be used" in refusal(VOUCH_REDIS_URL=value)


def test_a_certificate_without_its_key_is_refused(tmp_path: Path, refusal: Callable[..., str]) -> None:
    file = tmp_path / "server.pem"
    file.write_text("a certificate")

    assert "VOUCH_TLS_KEY is ''" in refusal(VOUCH_TLS_CERTIFICATE=str(file))


def test_half_of_kafkas_certificate_is_refused_with_the_other_halfs_name(
    tmp_path: Path, refusal: Callable[..., str]
) -> None:
    (tmp_path / "client.pem").touch()

    said = refusal(VOUCH_KAFKA="kafka:9092", VOUCH_KAFKA_CERTIFICATE=str(tmp_path / "client.pem"))

    assert "VOUCH_KAFKA_CERTIFICATE and VOUCH_KAFKA_KEY go together" in said


def test_an_authority_that_is_no_file_is_refused_with_the_variables_name(
    tmp_path: Path, refusal: Callable[..., str]
) -> None:
    said = refusal(VOUCH_KAFKA="kafka:9092", VOUCH_KAFKA_CA=str(tmp_path / "nowhere.pem"))

    assert "VOUCH_KAFKA_CA is" in said
