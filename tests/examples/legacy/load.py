"""People who open accounts at the bank, several at once, and come again when they got no answer."""

from __future__ import annotations

import itertools
import random
import time
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

import httpx

from tests.examples.legacy.town import Town

__all__ = ["Crowd"]

_PRODUCTS = ("current", "savings", "student")
# On both sides of every limit that a letter or an account knows.
_DEPOSITS = (0, 20_000, 99_999, 100_000, 499_999, 500_000)
_AGAIN_S = 0.1
# Between two of a person's: the machine has other things to do than open accounts.
_PAUSE_S = 0.05


class Crowd:
    """Opens accounts until the block ends; `opened` are those that the bank has said are open."""

    def __init__(self, town: Town, *, people: int, seed: int) -> None:
        self._town, self._stop, self._lock = town, Event(), Lock()
        self._numbers = itertools.count()
        self.opened: set[str] = set()
        self._people = [Thread(target=self._person, args=(seed * 1_000 + n,)) for n in range(people)]

    def __enter__(self) -> Self:
        for person in self._people:
            person.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stop.set()
        for person in self._people:
            person.join()

    def pass_by(self, count: int, *, within_s: float = 60) -> None:
        """Wait until so many more accounts are open."""
        wanted, until_s = len(self.opened) + count, time.monotonic() + within_s
        while len(self.opened) < wanted:
            assert time.monotonic() < until_s, "the bank opens no accounts any more"
            time.sleep(0.01)

    def _person(self, seed: int) -> None:
        chance = random.Random(seed)
        with httpx.Client(base_url=self._town.url, timeout=30) as client:
            while not self._stop.is_set():
                self._open(client, f"r{next(self._numbers):06d}", chance)
                time.sleep(_PAUSE_S)

    def _open(self, client: httpx.Client, reference: str, chance: random.Random) -> None:
        said = {
            "reference": reference,
            "customer": f"c{chance.randrange(10_000)}",
            "product": chance.choice(_PRODUCTS),
            "deposit_pence": chance.choice(_DEPOSITS),
        }
        while True:
            try:
                answer = client.post("/accounts/", json=said)
            except httpx.TransportError:
                time.sleep(_AGAIN_S)
                continue
            # Taken: by this very request, which was answered to nobody.
            assert answer.status_code in {201, 409}, answer.text
            with self._lock:
                self.opened.add(reference)
            return
