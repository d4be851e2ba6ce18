"""The register answers its one question, and fails as it is told."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from examples.register.book import Fault
from tests.examples.register.running import HOLDER, register, write_register

QUESTION = {name: HOLDER[name] for name in ("driver_number", "family_name", "date_of_birth")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "register.json"
    write_register(path, HOLDER)
    return path


@pytest.fixture
def url(file: Path) -> Iterator[str]:
    with register(file) as address:
        yield f"{address}/v1/licences/check"


def ask(url: str, **changed: str) -> httpx.Response:
    return httpx.post(url, json={**QUESTION, **changed}, trust_env=False, timeout=2)


def test_a_known_licence_of_that_person_matches(url: str) -> None:
    assert ask(url).json() == {"known": True, "matches": True, "status": "valid"}


def test_writing_in_capitals_makes_no_difference(url: str) -> None:
    assert ask(url, family_name="SPECIMEN ").json()["matches"]


@pytest.mark.parametrize("changed", [{"family_name": "Other"}, {"date_of_birth": "1974-04-16"}])
def test_a_licence_of_somebody_else_does_not_match(url: str, changed: dict[str, str]) -> None:
    assert ask(url, **changed).json() == {"known": True, "matches": False, "status": "valid"}


def test_a_number_nobody_has_is_not_known(url: str) -> None:
    assert ask(url, driver_number="NOBOD000000AA9AA").json() == {
        "known": False,
        "matches": False,
        "status": None,
    }


def test_the_file_is_read_anew_at_each_question(url: str, file: Path) -> None:
    before = ask(url).json()["status"]

    write_register(file, {**HOLDER, "status": "revoked"})

    assert (before, ask(url).json()["status"]) == ("valid", "revoked")


def test_without_a_file_nobody_is_known(url: str, file: Path) -> None:
    file.unlink()

    assert not ask(url).json()["known"]


def test_a_register_told_to_be_away_says_so(url: str, file: Path) -> None:
    write_register(file, HOLDER, fault={"kind": "not_there"})

    assert ask(url).status_code == 503


def test_a_slow_register_answers_after_its_seconds(url: str, file: Path) -> None:
    write_register(file, HOLDER, fault={"kind": "slow", "seconds": 0.2})
    began_s = time.monotonic()

    said = ask(url).json()

    assert said["matches"]
    assert time.monotonic() - began_s >= 0.2


def test_an_unreliable_register_garbles_fails_and_cuts(url: str, file: Path) -> None:
    write_register(file, HOLDER, fault={"kind": "unreliable"})

    with pytest.raises(ValueError, match="Expecting value"):
        ask(url).json()
    assert ask(url).status_code == 500
    with pytest.raises(httpx.RemoteProtocolError):
        ask(url)


def test_a_fault_with_a_share_strikes_that_share() -> None:
    fault = Fault("not_there", 0.0, 0.25)

    assert sum(fault.strikes(number) for number in range(100)) == 25


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"driver_number": "A"}'])
def test_half_a_question_is_refused(url: str, body: bytes) -> None:
    assert httpx.post(url, content=body, trust_env=False).status_code == 400


def test_another_path_is_not_found(url: str) -> None:
    assert httpx.post(f"{url}/all", json=QUESTION, trust_env=False).status_code == 404


def test_a_question_of_megabytes_is_not_read(url: str) -> None:
    assert httpx.post(url, content=b"x" * 20_000, trust_env=False).status_code == 413


@pytest.mark.parametrize(
    "text", ["{", '{"fault": null}', '{"licences": [{"family_name": "A"}]}', '{"licences": 1}']
)
def test_a_file_that_is_no_register_is_an_error_of_the_register(url: str, file: Path, text: str) -> None:
    file.write_text(text)

    assert ask(url).status_code == 500


def test_the_command_says_where_it_listens(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.register", "--port", "0"]
    environment = {"VOUCH_DATA": str(tmp_path), "PATH": ""}

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        line = running.stdout.readline() if running.stdout else ""
        running.terminate()

    assert line.startswith("licence register on http://127.0.0.1:")
