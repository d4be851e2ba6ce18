"""One product for all journeys that leave it whole, and one company on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.company import Company
from tests.journeys.house import House, running_product


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    with running_product() as running:
        yield running


@pytest.fixture(scope="session")
def company(house: House) -> Company:
    return house.company("Betting Ltd")
