"""The FastAGI door: Asterisk comes in with a call, somebody talks on the line, Asterisk goes.

What is said is a flow's business. The door sees to it that nobody who comes in, port scanner or dying Asterisk, can
hold anything up: time, memory and number of lines are bounded.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from adapters.asterisk.agi_line import AgiLine
from adapters.asterisk.agi_peer import AgiPeer
from adapters.asterisk.agi_wire import Garbled, environment
from adapters.asterisk.failures import HungUp

log = logging.getLogger(__name__)

HEADER_SECONDS: Final = 2.0
MOST_LINES: Final = 1000

OnCall = Callable[[AgiLine], Awaitable[None]]


async def nothing_to_say(line: AgiLine) -> None:
    """The whole script where no flow is set: tell the dialplan that it has been served."""
    await line.set_variable("CTI_DONE", "1")


@dataclass(slots=True)
class DoorCounts:
    """Who came."""

    calls: int = 0
    strangers: int = 0
    turned_away: int = 0
    script_errors: int = 0


class AgiDoor:
    """Listens, and runs `on_call` once for every call that comes in."""

    def __init__(
        self,
        host: str,
        port: int,
        on_call: OnCall = nothing_to_say,
        *,
        header_seconds: float = HEADER_SECONDS,
        most_lines: int = MOST_LINES,
    ) -> None:
        self._host, self._port, self._on_call = host, port, on_call
        self._header_seconds, self._most_lines = header_seconds, most_lines
        self._server: asyncio.Server | None = None
        self._tasks: dict[AgiPeer, asyncio.Task[None]] = {}
        self.counts = DoorCounts()

    @property
    def port(self) -> int:
        """Where it listens, also when it was asked to choose (0)."""
        if self._server is None or not self._server.sockets:
            return self._port
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def listening(self) -> bool:
        """True from `start` to `close`."""
        return self._server is not None and self._server.is_serving()

    @property
    def lines(self) -> int:
        """How many connections are open."""
        return len(self._tasks)

    async def start(self) -> None:
        """Open the door; raises OSError if the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._knock, self._host, self._port, backlog=1024)

    async def close(self) -> None:
        """Shut it, and end every conversation; the calls go on in the dialplan."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._tasks.values())
        for peer in list(self._tasks):
            peer.end("the server is closing")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _knock(self) -> AgiPeer:
        return AgiPeer(self._welcome)

    def _welcome(self, peer: AgiPeer) -> bool:
        if len(self._tasks) >= self._most_lines or not self.listening:
            self.counts.turned_away += 1
            return False
        task = asyncio.get_running_loop().create_task(self._serve(peer), name="agi line")
        self._tasks[peer] = task
        task.add_done_callback(lambda _task: self._tasks.pop(peer, None))
        return True

    async def _serve(self, peer: AgiPeer) -> None:
        try:
            line = await self._read_header(peer)
            if line is None:
                self.counts.strangers += 1
                return
            self.counts.calls += 1
            await self._on_call(line)
        except HungUp:
            pass  # every conversation may end so
        except Exception:
            self.counts.script_errors += 1
            log.exception("the script of a line failed")
        finally:
            peer.close()

    async def _read_header(self, peer: AgiPeer) -> AgiLine | None:
        lines: list[bytes] = []
        try:
            async with asyncio.timeout(self._header_seconds):
                while line := (await peer.line()).rstrip(b"\r"):
                    lines.append(line)
            return AgiLine(peer, environment(lines))
        except (HungUp, TimeoutError, Garbled):
            peer.end("no header")
            return None
