"""The edge: requests join a trace and are counted by what they are, never by what a caller writes."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from config.edge import App, Edge, Receive, Scope, Send
from protocol.trace import trace_id
from subscriber import Meters
from subscriber.doing import doing

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CASE = "0196a3c0-0000-7000-8000-000000000001"


async def says_its_trace(scope: Scope, _receive: Receive, send: Send) -> None:
    """An application that answers with the trace it is in; at /v1/fails it raises."""
    if scope["path"] == "/v1/fails":
        raise RuntimeError("as the test says")
    body = trace_id(doing().traceparent).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def meters(tmp_path: Path) -> Iterator[Meters]:
    with Meters("web", tmp_path) as meters:
        yield meters


def _page(tmp_path: Path) -> str:
    return httpx.get((tmp_path / "web.url").read_text().strip(), trust_env=False).text


async def _get(app: App, path: str, **headers: str) -> str:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
        return (await client.get(path, headers=headers)).text


async def test_a_request_goes_on_with_its_callers_trace(meters: Meters) -> None:
    assert await _get(Edge(says_its_trace, meters), "/v1/cases", traceparent=GIVEN) == trace_id(GIVEN)


async def test_a_request_that_names_a_case_joins_the_cases_trace(meters: Meters) -> None:
    app = Edge(says_its_trace, meters)

    assert await _get(app, f"/v1/cases/{CASE}/evidence") == UUID(CASE).hex
    assert await _get(app, "/v1/cases") == ""


async def test_a_trace_ends_with_its_request(meters: Meters) -> None:
    await _get(Edge(says_its_trace, meters), "/v1/cases", traceparent=GIVEN)

    assert doing().traceparent == ""


async def test_a_callers_address_makes_no_series_of_its_own(meters: Meters, tmp_path: Path) -> None:
    app = Edge(says_its_trace, meters)

    for path in (f"/v1/cases/{CASE}", "/v1/cases", "/ada@example.org", "/adminx"):
        await _get(app, path)

    page = _page(tmp_path)
    assert 'vouch_http_requests_total{area="/v1/cases",method="GET",status="200"} 2.0' in page
    assert 'vouch_http_requests_total{area="other",method="GET",status="200"} 2.0' in page
    assert "ada" not in page


async def test_a_request_that_fails_is_counted_as_an_error(meters: Meters, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="as the test says"):
        await _get(Edge(says_its_trace, meters), "/v1/fails")

    assert 'vouch_http_requests_total{area="/v1",method="GET",status="500"} 1.0' in _page(tmp_path)


async def test_a_stream_is_counted_only_while_it_is_open(meters: Meters, tmp_path: Path) -> None:
    async def looks(scope: MutableMapping[str, object], _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": _page(tmp_path).encode()})

    during = await _get(Edge(looks, meters), "/v1/feed")

    assert 'vouch_feed_open_streams{form="response"} 1.0' in during
    assert 'vouch_feed_open_streams{form="response"} 0.0' in _page(tmp_path)
