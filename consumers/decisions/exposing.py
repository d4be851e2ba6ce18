"""`python -m consumers.decisions exposure`: what stands approved on trust now, of which client's cap."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

from consumers.decisions.trust import Exposure, exposures, prepare
from protocol.ids import to_us
from subscriber.serving import ServiceSettings, Verb, open_current

__all__ = ["EXPOSURE"]


def _exposure(settings: ServiceSettings, _asked: Namespace) -> int:
    with closing(open_current(settings)) as store:
        with store.transaction():
            prepare(store)
        for line in _lines(exposures(store.execute, to_us(datetime.now(UTC)))):
            print(line)
    return 0


def _lines(found: Iterable[Exposure]) -> Iterator[str]:
    some = False
    for one in found:
        some = True
        whose = f"{one.client} {'live' if one.live else 'test'}"
        cap = f"of {one.cap} {one.currency}" if one.cap else f"{one.currency}, and no more is given,"
        yield f"{whose}: {one.amount} {cap} on trust, {_cases(one.cases)}"
    if not some:
        yield "nothing stands on trust, and no client's dial is on"


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"


EXPOSURE: Final = Verb(name="exposure", help="list what stands approved on trust now", do=_exposure)
