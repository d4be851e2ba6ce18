"""What stands before the web framework: when a request began, and how long it may be."""

from __future__ import annotations

from collections.abc import Iterable

from verification.api.arrival import MOST_BYTES, Arrival, Message, Receive, Scope, Send
from verification.api.asking import ARRIVED


async def _serve(
    headers: list[tuple[bytes, bytes]], parts: Iterable[bytes], kind: str = "http"
) -> list[Message]:
    """Serve one request by an application that reads all of it, and give what was sent."""
    sent: list[Message] = []
    waiting = iter(parts)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        await send({"type": "done", "arrived": scope.get(ARRIVED)})

    async def receive() -> Message:
        part = next(waiting, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Message) -> None:
        sent.append(message)

    await Arrival(app)({"type": kind, "headers": headers}, receive, send)
    return sent


async def test_a_request_is_given_the_moment_of_its_first_byte() -> None:
    [done] = await _serve([], [b"x"])
    assert isinstance(done["arrived"], int)


async def test_what_announces_too_much_is_refused_unread() -> None:
    length = str(MOST_BYTES + 1).encode()
    start, _ = await _serve([(b"content-length", length)], [b"never read"])
    assert start["status"] == 413


async def test_what_announces_nothing_is_counted_and_cut_off() -> None:
    start, content = await _serve([], [bytes(1 << 20)] * 62)
    assert start["status"] == 413
    assert b"too_large" in bytes(content["body"])  # type: ignore[call-overload]  # a message holds anything


async def test_sixty_megabytes_and_their_form_go_through() -> None:
    [done] = await _serve([], [bytes(1_000_000)] * 60)
    assert done["type"] == "done"


async def test_a_websocket_is_none_of_its_business() -> None:
    [done] = await _serve([], [], kind="websocket")
    assert done["arrived"] is None
