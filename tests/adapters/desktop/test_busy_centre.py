"""Two hundred agents and fifty things a second: what a wallboard has folded is what the server would tell it anew."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from cti import events as ev
from tests.adapters.desktop.busy import AGENTS, Busy, Wall, watch
from tests.adapters.desktop.client import StreamClient

ALL = ("agent:*", "queue:*", "calls:*")
SECONDS, A_SECOND = 3.0, 50


async def test_no_update_is_lost_or_out_of_order_with_two_hundred_agents_and_fifty_events_a_second() -> None:
    busy = Busy()
    last: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with busy.serving() as url, AsyncExitStack() as stack:

        async def wall() -> asyncio.Task[Wall]:
            client = await stack.enter_async_context(StreamClient.open(url, max_size=None))
            begun = Wall.begun(await client.sign_in("wall", *ALL))
            return asyncio.create_task(watch(client, begun, last))

        async def desk(no: str) -> asyncio.Task[dict[str, Any]]:
            client = await stack.enter_async_context(StreamClient.open(url, max_size=None))
            begun = (await client.sign_in(no, "agent:me"))["agent:me"]
            return asyncio.create_task(mine(client, begun))

        async def mine(client: StreamClient, standing: dict[str, Any]) -> dict[str, Any]:
            """One's own state, until everybody is told that it is over."""
            while True:
                event = await client.event("agent.updated", "pbx.link_down", deadline=60)
                if event.type == "pbx.link_down":
                    return standing
                standing = event.data

        desks = {no: await desk(no) for no in AGENTS}
        walls = [await wall(), await wall()]
        first = busy.view.seq
        for _ in range(3):  # others come in the middle of it
            _, late = await asyncio.gather(busy.goes_on(SECONDS / 3, A_SECOND), wall())
            walls.append(late)
        busy.post(ev.LinkLost(at=busy.clock(), reason="the end"))
        last.set_result(busy.view.seq)
        standing = busy.standing()  # at once: after-call work goes on ending
        folded = await asyncio.wait_for(asyncio.gather(*walls), 60)
        own = dict(zip(desks, await asyncio.gather(*desks.values()), strict=True))

    assert busy.view.seq - first > SECONDS * A_SECOND, "a quiet day"
    assert folded[0].events > 2 * SECONDS * A_SECOND
    for one in folded:
        for noun, rows in one.shown().items():
            assert rows == standing[noun], noun
    for no, agent in own.items():
        assert agent == standing["agents"][no]
    assert sum(agent["calls_today"] for agent in standing["agents"].values()) > 20
    assert busy.engine.faults == 0
