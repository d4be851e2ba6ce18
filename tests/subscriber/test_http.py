"""The line to the journal door, without a door: whatever it answers, the reader hears of it."""

from __future__ import annotations

import time

import httpx
import pytest

from protocol.schemas.journal_v1_pb2 import Frame, Mark
from subscriber import HttpJournalSource, SourceAway, lines


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def test_an_answer_that_is_not_understood_is_told_as_a_line_that_broke(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mark = Frame(mark=Mark(position=0, head=5, epoch="aaaaaaaa")).SerializeToString()
    answer = _framed(mark) + _framed(b"\xff\xff\xff")
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, stream=httpx.ByteStream(answer)))
    monkeypatch.setattr(lines, "client_of", lambda url, _key: httpx.Client(base_url=url, transport=transport))
    source = HttpJournalSource("http://door", "key", ("verification.case",))

    with pytest.raises(SourceAway, match="not understood"):
        _read_on(source)


def _read_on(source: HttpJournalSource) -> None:
    for _ in range(100):
        source.read(0, 10)
        time.sleep(0.01)
