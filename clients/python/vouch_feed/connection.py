"""One connection: asks, sorts the answer into final and passing, and reads lines until it is over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

import httpx

from vouch_feed.core import Core
from vouch_feed.errors import FeedError, Lost, Refused, error_of
from vouch_feed.frames import Lines
from vouch_feed.transport import certificate_error, checked_url, client_for
from vouch_feed.wish import Settings, Wish

__all__ = ["Connection"]

_LONGEST_PROBLEM: Final = 64 * 1024
# Of the answers 4xx and 5xx, these come and go.
_PASSING: Final = frozenset({408, 425, 429})
_NOT_BUILT: Final = 501


class Connection:
    """The way to one server; open one response after another. Belongs to one event loop."""

    def __init__(self, url: str, wish: Wish, settings: Settings) -> None:
        """Check the address.

        Raises:
            UnsafeTransport: nothing may be sent there.
        """
        self._base = checked_url(url)
        self._url = self._base.copy_with(path=self._base.path.rstrip("/") + wish.path)
        self._client = client_for(self._base, settings.ca_file)
        self._response: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None
        self._lines = Lines()

    async def open(self, core: Core, credential: str) -> None:
        """Ask for the feed.

        Raises:
            Lost: it cannot be had now.
            FeedError: it cannot be had.
        """
        headers = {"Authorization": f"Bearer {credential}", "Accept": "application/x-ndjson"}
        request = self._client.build_request("GET", self._url, params=core.query(), headers=headers)
        self._lines = Lines()
        try:
            async with asyncio.timeout(core.patience_s):
                self._response = await self._client.send(request, stream=True)
                if self._response.status_code != httpx.codes.OK:
                    raise await _refusal(self._response)
        except (httpx.TransportError, TimeoutError, OSError) as error:
            raise certificate_error(error, self._base) or Lost(repr(error)) from error
        self._pieces = self._response.aiter_raw()

    async def read(self, core: Core) -> list[bytes] | None:
        """Wait for the next lines; None: the response has ended as it should.

        Raises:
            Lost: it was cut, or nothing was heard for too long.
        """
        if self._pieces is None:
            raise Lost("not open")
        try:
            async with asyncio.timeout(core.patience_s):
                return self._lines.add(await anext(self._pieces))
        except StopAsyncIteration:
            return None
        except (httpx.TransportError, httpx.StreamError, TimeoutError, OSError) as error:
            raise Lost(repr(error)) from error

    async def end(self) -> None:
        """End the response that is open, if one is."""
        response, self._response, self._pieces = self._response, None, None
        if response is not None:
            await response.aclose()

    async def close(self) -> None:
        """Let go of the server; nothing can be opened afterwards."""
        await self.end()
        await self._client.aclose()


async def _refusal(response: httpx.Response) -> FeedError | Lost:
    """Sort an answer that is no feed."""
    status = response.status_code
    if response.is_redirect:
        return Refused("redirected", "the server leads elsewhere, and a credential is not taken there")
    if status in _PASSING or (status >= httpx.codes.INTERNAL_SERVER_ERROR and status != _NOT_BUILT):
        return Lost(f"the server answers {status}", _retry_after_s(response))
    said = await _problem(response)
    code = said.get("code")
    return error_of(said, code if isinstance(code, str) else f"http_{status}")


async def _problem(response: httpx.Response) -> dict[str, object]:
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _LONGEST_PROBLEM:
            break
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _retry_after_s(response: httpx.Response) -> float:
    """Read a number of seconds; a date, which servers of this feed do not send, counts as nothing."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0
