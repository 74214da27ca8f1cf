"""One world per test, served over a real socket."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.desktop.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World().serving() as served:
        yield served
