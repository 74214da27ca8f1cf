"""One world per test: at hand, or served over a real socket."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.web.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World().at_hand() as near:
        yield near


@pytest.fixture
async def served() -> AsyncIterator[World]:
    async with World().serving() as far:
        yield far
