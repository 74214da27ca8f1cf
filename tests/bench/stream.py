"""Rows *update*: from what happens to what a wallboard has read of it, with two hundred agents on the stream.

Fifty things a second happen in a centre of the real engine, each told in about three events; two hundred agents have
their own stream open and three wallboards hear everything. Engine, stream and clients share one process and its loop,
so the times are those of a machine that has all of it to do.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from statistics import median
from typing import Final

from tests.adapters.desktop.busy import AGENTS, Busy
from tests.adapters.desktop.client import Closed, StreamClient
from tests.bench.lists import row
from tests.bench.ring import Row, p99

SECONDS: Final = 20.0
A_SECOND: Final = 50
WALLS: Final = 3
MEDIAN_AT_MOST: Final = 20.0
P99_AT_MOST: Final = 100.0


async def measure() -> list[Row]:
    busy = Busy()
    late: list[float] = []
    async with busy.serving() as url, AsyncExitStack() as stack:

        async def opened(who: str, *topics: str) -> StreamClient:
            client = await stack.enter_async_context(StreamClient.open(url, max_size=None))
            await client.sign_in(who, *topics)
            return client

        async def reads(client: StreamClient, times: list[float]) -> None:
            try:
                while True:
                    await client.receive(deadline=60)
                    now = time.perf_counter()
                    times += [(now - busy.stamps[event.seq]) * 1000 for event in client.events]
                    client.events.clear()
            except Closed:
                pass

        reading = [asyncio.create_task(reads(await opened(no, "agent:me"), [])) for no in AGENTS]
        for _ in range(WALLS):
            reading.append(asyncio.create_task(reads(await opened("wall", "agent:*", "queue:*", "calls:*"), late)))
        await busy.goes_on(SECONDS, A_SECOND)
        busy.hub.close()
        await asyncio.gather(*reading)
    return [row("update median", median(late), "ms", MEDIAN_AT_MOST), row("update p99", p99(late), "ms", P99_AT_MOST)]
