"""A small typed client of the event stream for tests: it proves `prev` as it reads, and waits with deadlines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Frame = dict[str, Any]


class Refusal(Exception):
    """An `error` frame."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(f"{frame['code']}: {frame['message']}")
        self.code: str = frame["code"]
        self.frame = frame


class Closed(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


@dataclass(frozen=True)
class Event:
    seq: int
    prev: int
    topic: str
    type: str
    at: str
    call: str | None
    data: dict[str, Any]


@dataclass
class StreamClient:
    """One connection. `events` are those not yet taken, in order; `seq` is the last one told."""

    socket: ClientConnection
    deadline: float = 10.0
    seq: int | None = None
    epoch: str = ""
    events: list[Event] = field(default_factory=list)
    others: list[Frame] = field(default_factory=list)
    pongs: bool = True
    _ids: count[int] = field(default_factory=lambda: count(1))

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, **options: Any) -> AsyncIterator[StreamClient]:
        """Connect to `url` (http or ws, with or without the path) and close at the end."""
        address = url.replace("http", "ws", 1).rstrip("/")
        address = address if address.endswith("/ws") else f"{address}/api/v1/ws"
        protocols = [Subprotocol("cti.v1")]
        async with connect(
            address, subprotocols=protocols, compression=None, ping_interval=None, close_timeout=1, **options
        ) as socket:
            yield cls(socket)

    # --- frames ---

    async def send(self, frame: Frame | str | bytes) -> None:
        await self.socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def receive(self, deadline: float | None = None) -> Frame:
        """The next frame; events and pings are dealt with on the way. Raises `Closed` or `TimeoutError`."""
        async with asyncio.timeout(deadline or self.deadline):
            try:
                frame: Frame = json.loads(await self.socket.recv())
            except ConnectionClosed as end:
                raise Closed(end.rcvd.code if end.rcvd else 1006) from None
        if frame["op"] == "event":
            self._take(Event(**{name: frame[name] for name in Event.__dataclass_fields__}))
        elif frame["op"] == "ping" and self.pongs:
            await self.send({"op": "pong"})
        return frame

    def _take(self, event: Event) -> None:
        assert self.seq is not None, "an event before the first subscribe"
        assert event.prev == self.seq, f"{event.seq} follows {event.prev}, but {self.seq} came before it"
        assert event.seq > event.prev
        self.seq = event.seq
        self.events.append(event)

    async def ask(self, frame: Frame) -> Frame:
        """Send a frame and wait for its answer; raises `Refusal`."""
        number = str(next(self._ids))
        await self.send({**frame, "id": number})
        while True:
            answer = await self.receive()
            if answer.get("re") == number and answer["op"] != "event":
                break
            if answer["op"] not in ("event", "ping"):
                self.others.append(answer)
        if answer["op"] == "error":
            raise Refusal(answer)
        return answer

    # --- the protocol ---

    async def hello(self, token: str, resume: tuple[str, int] | None = None) -> Frame:
        frame: Frame = {"op": "hello", "token": token}
        if resume is not None:
            frame["resume"] = {"epoch": resume[0], "seq": resume[1]}
        welcome = await self.ask(frame)
        self.epoch = welcome["epoch"]
        return welcome

    async def subscribe(self, *topics: str) -> Frame:
        number = str(next(self._ids))
        await self.send({"op": "subscribe", "id": number, "topics": list(topics)})
        while True:
            frame = await self.receive()
            if frame.get("re") == number and frame["op"] == "error":
                raise Refusal(frame)
            if frame.get("re") == number and frame["op"] == "ok":
                self.seq = frame["seq"]
                return frame

    async def sign_in(self, token: str, *topics: str) -> Frame:
        """hello and subscribe; returns the snapshot."""
        await self.hello(token)
        ok = await self.subscribe(*topics)
        snapshot: Frame = ok["snapshot"]
        return snapshot

    async def command(self, name: str, **args: Any) -> Frame:
        return await self.ask({"op": "command", "name": name, "args": args})

    async def shown(self, seq: int) -> None:
        await self.send({"op": "shown", "seq": seq})

    async def event(
        self, *types: str, where: Callable[[Event], bool] = lambda _event: True, deadline: float | None = None
    ) -> Event:
        """The next event of one of these types (of any, without); those before it are dropped."""
        async with asyncio.timeout(deadline or self.deadline):
            while True:
                while self.events:
                    event = self.events.pop(0)
                    if (not types or event.type in types) and where(event):
                        return event
                await self.receive(deadline)

    async def take(self, how_many: int) -> list[Event]:
        async with asyncio.timeout(self.deadline):
            while len(self.events) < how_many:
                await self.receive()
        taken, self.events = self.events[:how_many], self.events[how_many:]
        return taken

    async def frame(self, op: str) -> Frame:
        """The next frame with this `op`."""
        while True:
            if (frame := await self.receive())["op"] == op:
                return frame

    async def closed(self, deadline: float | None = None) -> int:
        """The close code; whatever comes before it is read."""
        try:
            async with asyncio.timeout(deadline or self.deadline):
                while True:
                    await self.receive()
        except Closed as end:
            return end.code


def seqs(events: Sequence[Event]) -> list[int]:
    return [event.seq for event in events]
