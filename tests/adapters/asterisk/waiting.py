"""Waiting for something to have happened, without sleeping: whoever changes things rings, whoever waits looks again."""

import asyncio
from collections.abc import Callable

from adapters.asterisk.wire import Message


class Bell:
    """Rung at every change; `until` looks each time."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(self, true: Callable[[], object], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not true():
                await self._rung.wait()


class Ears:
    """What a session or a link told its owner, in order."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.events: list[Message] = []
        self.ups = 0
        self.downs: list[str] = []
        self.outcomes: list[object] = []

    def event(self, message: Message) -> None:
        self.events.append(message)
        self.bell.ring()

    def up(self) -> None:
        self.ups += 1
        self.bell.ring()

    def down(self, why: str) -> None:
        self.downs.append(why)
        self.bell.ring()

    def outcome(self, outcome: object) -> None:
        self.outcomes.append(outcome)
        self.bell.ring()

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.events]


async def turns(count: int = 5) -> None:
    """Let everything that is ready run; for proving that nothing more comes of it."""
    done = asyncio.Event()

    def again(left: int) -> None:
        if left:
            asyncio.get_running_loop().call_soon(again, left - 1)
        else:
            done.set()

    again(count)
    await done.wait()


async def eventually(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Let the loop turn until it is so; for what nobody rings a bell for."""
    async with asyncio.timeout(seconds):
        while not true():
            await turns(1)


def own_tasks() -> list[str]:
    """The tasks that run, but for this one and those of asyncio that welcome a connection."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    return [each.get_name() for each in tasks if "_accept_connection" not in repr(each.get_coro())]
