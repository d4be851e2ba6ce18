"""The comparison: what the bank sent, beside what this service would have sent for the same accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing

from examples.legacy.welcome import rows
from subscriber.serving import ServiceSettings, ServiceSpec, open_rows

__all__ = ["compare", "report"]


def compare(spec: ServiceSpec, settings: ServiceSettings) -> int:
    """Print the report; 0: nothing differs and nothing is missing."""
    with closing(open_rows(spec, settings)) as store:
        known = rows.accounts(store)
    for line in report(known):
        print(line)
    return int(any(account.differs or account.left for account in known))


def report(known: Iterable[rows.Account]) -> Iterator[str]:
    """Write it: a line of sums, then a line for each account that somebody has to look at."""
    all_ = list(known)
    compared = [account for account in all_ if account.compared]
    differing = [account for account in compared if account.differs]
    left = [account for account in all_ if account.left]
    yield (
        f"{len(compared)} letters of the bank compared, {len(differing)} differ; "
        f"{len(left)} that the bank should have sent are not sent"
    )
    for one in differing:
        yield f"{one.account}: the bank sent {one.bank_template}, we would send {one.letter.template}"
    for one in left:
        yield f"{one.account}: not sent; we would send {one.letter.template}"
