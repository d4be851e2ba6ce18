"""The call to the print house."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import httpx

from examples.legacy.welcome.letter import Letter, digest_of
from subscriber import NotNow

__all__ = ["Errand", "PostAway", "post"]

_WITHIN_S = 5


class PostAway(NotNow):
    """The print house does not answer: the letter waits, and is asked for again under the same key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A letter on its way, under the key that the bank uses too: whoever comes second sends nothing."""

    url: str
    account: str
    customer: str
    letter: Letter

    @property
    def key(self) -> str:
        """What the print house knows the letter by."""
        return f"welcome-{self.account}"


def post(given: object) -> str:
    """Have a letter sent; `work` of a handler.

    Returns:
        The letter's digest.

    Raises:
        PostAway: come again.
        httpx.HTTPStatusError: it is not taken: mend the letter.
    """
    if not isinstance(given, Errand):
        raise TypeError(f"{type(given).__name__} is no errand")
    letter = {"customer": given.customer, "template": given.letter.template, "text": given.letter.text}
    headers = {"Idempotency-Key": given.key, "User-Agent": "welcome"}
    try:
        answer = _client().post(f"{given.url}/letters", json=letter, headers=headers)
    except httpx.TransportError as error:
        raise PostAway(f"the print house does not answer: {type(error).__name__}") from error
    if answer.is_server_error:
        raise PostAway(f"the print house answers {answer.status_code}")
    answer.raise_for_status()
    return digest_of(given.letter.text)


@cache
def _client() -> httpx.Client:
    """Make the one client of the process; its threads share it."""
    return httpx.Client(timeout=_WITHIN_S)
