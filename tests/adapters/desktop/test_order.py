"""What leaves when: the pop before the phone's order, everybody else after it; and what a failing connection costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from adapters.desktop.connection import Connection
from tests.adapters.desktop.world import DEMO, World, call_news, pop, queue_updated, turn_until


class PretendWire:
    """Notes what is written, with who it is for."""

    def __init__(self, name: str, said: list[str]) -> None:
        self.name = name
        self.said = said
        self.paused = False
        self.broken = False
        self.frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def write(self, frames: bytes) -> None:
        if self.broken:
            raise RuntimeError("a bug of ours")
        self.said.append(self.name)

    def close(self, code: int, reason: str, linger: float) -> None:
        self.said.append(f"{self.name} closed {code}")
        self.frames.put_nowait({"type": "websocket.disconnect"})

    def on_writable(self, call: Callable[[], None]) -> None:
        pass

    def say(self, **frame: Any) -> None:
        self.frames.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})


async def connected(world: World, tasks: asyncio.TaskGroup, said: list[str], who: str, *topics: str) -> PretendWire:
    wire = PretendWire(who, said)
    connection = Connection(world.hub, wire)
    tasks.create_task(connection.run(wire.frames.get))
    wire.say(op="hello", token=who)
    wire.say(op="subscribe", topics=topics)
    async with asyncio.timeout(5):
        while not connection.live:
            await asyncio.to_thread(lambda: None)
    return wire


async def test_a_pop_leaves_before_the_phone_is_told_to_ring_and_everybody_else_after() -> None:
    world, said = World(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        wires = [await connected(world, tasks, said, "crm", "calls:*", "queue:*") for _ in range(5)]
        wires.append(await connected(world, tasks, said, "a1", "agent:me", "calls:mine"))
        wires.append(await connected(world, tasks, said, "a2", "agent:me", "calls:mine"))
        said.clear()
        world.publish(call_news("offered"), pop("1001"), queue_updated())
        asyncio.get_running_loop().call_soon(said.append, "ring the phone")
        await turn_until(lambda: len(said) == 7)
        assert said[:2] == ["a1", "ring the phone"]
        assert sorted(said[2:]) == ["crm"] * 5
        for wire in wires:
            wire.close(1000, "", 0)


async def test_a_connection_that_fails_takes_nobody_with_it() -> None:
    world, said = World(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        wires = [await connected(world, tasks, said, who, "queue:*") for who in ("crm", "boss", "root")]
        wires[0].broken = True
        said.clear()
        for _ in range(3):
            world.publish(queue_updated())
            await turn_until(lambda: not world.hub._stirred and not world.hub._sweeping)
        assert said.count("boss") == 3
        assert said.count("root") == 3
        assert "crm closed 1011" in said
        assert world.hub.clients == 2
        for wire in wires[1:]:
            wire.close(1000, "", 0)


@pytest.mark.parametrize(("batch", "padding"), [(201, ""), (20, "x" * 60_000)])
async def test_a_client_behind_by_count_or_by_bytes_is_cut(batch: int, padding: str) -> None:
    world, said = World(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        wire = await connected(world, tasks, said, "crm", "queue:*")
        wire.paused = True
        said.clear()
        published = 0
        while not said:
            published += batch
            world.publish(*[queue_updated(padding=padding)] * batch)
            await turn_until(lambda: not world.hub._stirred and not world.hub._sweeping)
        assert said == ["crm closed 4429"]
        assert published in (1005, 20)
        assert world.hub.room(DEMO).connections == {}
