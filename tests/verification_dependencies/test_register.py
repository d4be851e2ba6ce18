"""The register is asked within its deadline, and nothing but an answer is taken for one."""

from __future__ import annotations

import json
import logging
import socket
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.reasons import REASONS
from tests.examples.register.running import HOLDER, register, write_register
from tests.verification_dependencies.serving import answering
from verification.dependencies.breaker import Breaker
from verification.dependencies.register import (
    Answer,
    Failure,
    LicenceRegister,
    Question,
    Status,
    grade_register,
    next_attempt,
)

QUESTION = Question(
    call_id="0193-call",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    driver_number=HOLDER["driver_number"],
    family_name=HOLDER["family_name"],
    date_of_birth=HOLDER["date_of_birth"],
)
GOOD = b'{"known": true, "matches": true, "status": "valid"}'


def at(url: str, *, deadline_s: float = 3.0) -> LicenceRegister:
    return LicenceRegister(url, Breaker(draw=lambda: 0.5), time.monotonic, deadline_s)


def http(body: bytes, *, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def kind(found: Answer | Failure) -> str:
    return found.kind if isinstance(found, Failure) else found.code


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({}, "matched"),
        ({"status": "expired"}, "expired"),
        ({"status": "revoked"}, "revoked"),
        ({"family_name": "Other"}, "mismatched"),
        ({"driver_number": "OTHER000000AA9AA"}, "unknown"),
    ],
)
def test_the_register_s_answer_is_one_word(tmp_path: Path, row: dict[str, str], code: str) -> None:
    write_register(tmp_path / "register.json", {**HOLDER, **row})

    with register(tmp_path / "register.json") as url:
        found = at(url).check(QUESTION)

    assert kind(found) == code


@pytest.mark.parametrize("fault", ["not_there", "unreliable"])
def test_each_fault_of_the_register_has_its_kind(tmp_path: Path, fault: str) -> None:
    write_register(tmp_path / "register.json", HOLDER, fault={"kind": fault})

    with register(tmp_path / "register.json") as url:
        client = at(url)
        found = [kind(client.check(QUESTION)) for _ in range(3)]

    assert found == [fault] * 3


def test_a_register_that_does_not_answer_in_time_is_slow(tmp_path: Path) -> None:
    write_register(tmp_path / "register.json", HOLDER, fault={"kind": "slow", "seconds": 0.5})

    with register(tmp_path / "register.json") as url:
        found = at(url, deadline_s=0.2).check(QUESTION)

    assert kind(found) == "slow"


def test_a_port_where_nobody_listens_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert kind(at(f"http://127.0.0.1:{port}").check(QUESTION)) == "not_there"


@pytest.mark.parametrize(
    "answer",
    [
        http(b"<html>"),
        http(b"\xff\xfe"),
        http(b"[]"),
        http(b"[" * 16_000),
        http(b"{}"),
        http(b'{"known": true, "matches": true}'),
        http(b'{"known": "yes", "matches": true, "status": "valid"}'),
        http(b'{"known": 1, "matches": 1, "status": "valid"}'),
        http(b'{"known": true, "matches": true, "status": "splendid"}'),
        http(b'{"known": false, "matches": true, "status": "valid"}'),
        http(b'{"known": true, "matches": true, "status": ["valid"]}'),
        http(b" " * 20_000 + GOOD),
        http(GOOD, status="500 Oh"),
        http(GOOD, status="201 Created"),
        http(b"", status="302 Found", more="Location: http://127.0.0.1:9/\r\n"),
        http(GOOD)[:-5],
        b"SSH-2.0-OpenSSH\r\n",
    ],
)
def test_what_is_not_exactly_an_answer_is_unreliable(answer: bytes) -> None:
    with answering([answer]) as url:
        found = at(url).check(QUESTION)

    assert kind(found) == "unreliable"


def test_an_answer_that_trickles_ends_at_the_whole_deadline() -> None:
    reply = http(GOOD)
    trickle = [reply[at : at + 8] for at in range(0, len(reply), 8)]

    with answering(trickle, pause_s=0.15) as url:
        found = at(url, deadline_s=0.4).check(QUESTION)

    assert isinstance(found, Failure)
    assert (found.kind, 350 <= found.took_ms < 1500) == ("slow", True)


def test_the_question_says_three_things_its_key_and_its_trace() -> None:
    heard: list[bytes] = []

    with answering([http(GOOD)], heard=heard) as url:
        at(url).check(QUESTION)

    head, body = heard[0].split(b"\r\n\r\n")
    assert b"idempotency-key: 0193-call" in head.lower()
    assert f"traceparent: {QUESTION.traceparent}".encode() in head
    assert set(json.loads(body)) == {"driver_number", "family_name", "date_of_birth"}


def test_after_five_failures_nothing_leaves_the_house() -> None:
    heard: list[bytes] = []

    with answering([http(b"")], heard=heard) as url:
        client = at(url)
        found = [client.check(QUESTION) for _ in range(7)]

    assert len(heard) == 5
    assert found[-1] == Failure(kind="not_there", took_ms=0, asked=False)


def test_an_answer_after_failures_starts_the_count_anew(tmp_path: Path) -> None:
    file = tmp_path / "register.json"
    write_register(file, HOLDER, fault={"kind": "not_there"})

    with register(file) as url:
        client = at(url)
        client.check(QUESTION)
        write_register(file, HOLDER)
        client.check(QUESTION)

    assert client.breaker.failures == 0


def test_nothing_personal_is_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    with answering([http(GOOD)]) as url:
        at(url).check(QUESTION)

    shown = caplog.text + repr(QUESTION)
    personal = (HOLDER["driver_number"], HOLDER["family_name"], HOLDER["date_of_birth"])
    assert [value for value in personal if value in shown] == []


@pytest.mark.parametrize(
    ("known", "matches", "status", "expected"),
    [
        (True, True, "valid", ("clear", ())),
        (True, True, "expired", ("caution", ("expired_document",))),
        (True, True, "revoked", ("rejected", ("register_mismatch",))),
        (True, False, "valid", ("rejected", ("register_mismatch",))),
        (False, False, None, ("rejected", ("register_unknown",))),
    ],
)
def test_what_the_register_says_has_its_grade(
    known: bool, matches: bool, status: Status | None, expected: tuple[str, tuple[str, ...]]
) -> None:
    cue = grade_register(Answer(known=known, matches=matches, status=status, took_ms=5))

    assert (cue.status, cue.reasons) == expected
    assert all(cue.status in REASONS[code].grades for code in cue.reasons)


@given(
    failures=st.integers(1, 2000),
    elapsed_ms=st.integers(0, 20_000),
    deadline_ms=st.integers(0, 20_000),
    draw_01=st.floats(0, 1),
)
def test_the_next_question_always_lies_before_the_deadline(
    failures: int, elapsed_ms: int, deadline_ms: int, draw_01: float
) -> None:
    pause_s = next_attempt(failures=failures, elapsed_ms=elapsed_ms, deadline_ms=deadline_ms, draw_01=draw_01)

    assert pause_s is None or (0.25 <= pause_s <= 4.0 and elapsed_ms + pause_s * 1000 < deadline_ms)


def test_pauses_grow_while_nothing_answers() -> None:
    pauses = [
        next_attempt(failures=n, elapsed_ms=0, deadline_ms=15_000, draw_01=1.0) for n in (1, 2, 3, 4, 9)
    ]

    assert pauses == [0.5, 1.0, 2.0, 4.0, 4.0]
