"""What is sent twice under one key is done once, also when both come at the same moment."""

from __future__ import annotations

import asyncio

import pytest
from starlette.responses import Response

from adapters.web.once import MOST, SECONDS, KeyReused, Memory


class Work:
    """Work that goes on when it is told to, and fails when it is told to."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.fails = False
        self.done = 0

    async def __call__(self) -> Response:
        self.began.set()
        await self.goes_on.wait()
        if self.fails:
            raise ValueError("no")
        self.done += 1
        return Response(str(self.done))


async def test_who_asks_meanwhile_waits_for_the_same_answer() -> None:
    memory, work = Memory(), Work()
    asked = [asyncio.create_task(memory.once(("k",), b"d", work)) for _ in range(5)]
    await work.began.wait()
    work.goes_on.set()
    assert {(await one).body for one in asked} == {b"1"}
    assert (await memory.once(("k",), b"d", work)).body == b"1"


async def test_a_failure_is_forgotten_and_the_next_one_tries() -> None:
    memory, work = Memory(), Work()
    work.fails = True
    first = asyncio.create_task(memory.once(("k",), b"d", work))
    await work.began.wait()
    second = asyncio.create_task(memory.once(("k",), b"d", work))
    work.goes_on.set()
    await asyncio.wait([first, second])
    assert [str(one.exception()) for one in (first, second)] == ["no", "no"]
    work.fails = False
    assert (await memory.once(("k",), b"other", work)).body == b"1"


async def test_a_key_is_not_for_another_request() -> None:
    memory, work = Memory(), Work()
    work.goes_on.set()
    await memory.once(("k",), b"d", work)
    with pytest.raises(KeyReused):
        await memory.once(("k",), b"e", work)
    assert (await memory.once(("l",), b"e", work)).body == b"2"


async def test_answers_are_remembered_for_a_day_and_not_without_end() -> None:
    now = 0.0
    memory, work = Memory(lambda: now), Work()
    work.goes_on.set()
    await memory.once(("k",), b"d", work)
    now = SECONDS + 1
    assert (await memory.once(("k",), b"d", work)).body == b"2"
    for n in range(MOST):
        await memory.once((str(n),), b"d", work)
    assert len(memory._asked) == MOST
    assert (await memory.once(("k",), b"d", work)).body == str(MOST + 3).encode()
