"""All connections of the event stream: who is here, and in which order they hear of what was published.

`publish` is called inside the core's turn and only takes note. Agents whose card must pop are written to in the very
next round of the loop; everybody else follows a few milliseconds later, when the phones ring, a slice at a time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.websockets import WebSocket

from adapters.desktop.connection import POP, Connection
from adapters.desktop.door import WIRE
from adapters.desktop.messages import PROTOCOL, Unsubscribed
from adapters.desktop.ports import Ports
from adapters.desktop.room import Room
from adapters.desktop.settings import Limits
from cti.errors import Refused
from cti.ids import AgentNo, TenantId
from cti.news import Published
from cti.people import Principal

log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Counts:
    """What the metrics show."""

    events: int = 0  # written to clients that have left; those present count for themselves
    cut: int = 0  # clients that were too slow or silent


class Hub:
    def __init__(self, ports: Ports, limits: Limits | None = None, wall: Callable[[], float] = time.time) -> None:
        self.ports = ports
        self.limits: Final = limits or Limits()
        self.wall = wall
        self.counts = Counts()
        self.on_pop: Callable[[float], None] = lambda _seconds: None
        self._rooms: dict[TenantId, Room] = {}
        self._urgent: list[tuple[Connection, Published]] = []
        self._stirred: dict[Room, None] = {}
        self._waiting: deque[Connection] = deque()
        self._sweeping = False
        self._stopping = False

    # --- people come and go ---

    async def serve(self, websocket: WebSocket) -> None:
        """The ASGI endpoint; needs the server to run with `door.Door`."""
        offered = websocket.scope.get("subprotocols", ())
        await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        origin = "" if websocket.client is None else websocket.client.host
        connection = Connection(self, websocket.scope["extensions"][WIRE], origin)
        if self._stopping:
            return connection.close(1012, "restart")
        return await connection.run(websocket.receive)

    def room(self, tenant: TenantId, head: int | None = None) -> Room:
        if tenant not in self._rooms:
            seq = self.ports.board(tenant).seq if head is None else head
            self._rooms[tenant] = Room(tenant, self.ports, self.limits, seq)
        return self._rooms[tenant]

    @property
    def clients(self) -> int:
        return sum(len(room.connections) for room in self._rooms.values())

    @property
    def written(self) -> int:
        """Events written so far, to those present and those gone."""
        present = (one.outbox.written for room in self._rooms.values() for one in room.connections)
        return self.counts.events + sum(present)

    def join(self, connection: Connection, who: Principal) -> None:
        """A valid hello: an agent's older connection makes place; of others, the oldest when there are too many."""
        room = self.room(who.tenant)
        connection.who, connection.room = who, room
        self._sit_down(connection, room)
        if who.at_one_desk and who.desk is not None:
            surplus = room.of_agent(who.desk)[:-1]
        else:
            surplus = room.of_user(who.username)[: -self.limits.connections]
        for older in surplus:
            older.close(4409, "signed in elsewhere")

    def leave(self, connection: Connection) -> None:
        if connection.room is not None and connection in connection.room.connections:
            self._stand_up(connection, connection.room)
            self.counts.events += connection.outbox.written

    def _sit_down(self, connection: Connection, room: Room) -> None:
        desk = connection.who.desk if connection.who is not None else None
        first = desk is not None and not room.of_agent(desk)
        room.add(connection)
        if first and desk is not None:
            self._tell(room.desk.desktop_opened, desk)

    def _stand_up(self, connection: Connection, room: Room) -> None:
        room.remove(connection)
        desk = connection.who.desk if connection.who is not None else None
        if desk is not None and not room.of_agent(desk) and not self._stopping:
            self._tell(room.desk.desktop_closed, desk)

    def _tell(self, what: Callable[[AgentNo], None], no: AgentNo) -> None:
        try:
            what(no)
        except Refused:
            pass  # a sign-in whose agent has been deleted has no desk to open

    def close(self) -> None:
        """The server goes down: everybody is told to come back, and no agent counts as gone."""
        self._stopping = True
        for room in self._rooms.values():
            for connection in list(room.connections):
                connection.close(1012, "restart")

    # --- who may what has changed ---

    def principal_changed(self, username: str) -> None:
        """Somebody's role, password or tokens changed: their connections are reviewed at once."""
        for room in self._rooms.values():
            for connection in room.of_user(username):
                self.review(connection)

    def directory_changed(self, tenant: TenantId) -> None:
        """Agents or queues of a tenant changed: topics that are no longer somebody's own end."""
        for connection in list(self.room(tenant).connections):
            if self.review(connection):
                self._review_topics(connection)

    def review(self, connection: Connection) -> bool:
        """Look at a connection with the eyes of now; False when it had to be closed."""
        who, room = connection.who, connection.room
        if who is None or room is None or connection.closing:
            return not connection.closing
        now = self.ports.tokens.current(who.username)
        if now == who:
            return True
        if now is None or now.token_version != who.token_version or now.tenant != who.tenant:
            connection.close(4401, "sign in again")
            return False
        if not connection.pump():
            return False
        self._stand_up(connection, room)
        connection.who = now
        self._sit_down(connection, room)
        self._review_topics(connection)
        return True

    def _review_topics(self, connection: Connection) -> None:
        if connection.who is not None and connection.room is not None:
            connection.pump()
            ended = connection.topics.review(connection.who, connection.room.board)
            if ended:
                connection.say(Unsubscribed(ended))

    # --- what was published ---

    def publish(self, tenant: TenantId, batch: Sequence[Published]) -> None:
        """Take note of new events, in order of `seq`; cheap, and calls nobody back before it returns."""
        if not batch:
            return
        room = self.room(tenant, batch[0].seq - 1)
        for item in room.ring.extend(batch):
            if item.news.type == POP:
                for no in item.news.agents:
                    self._urgent += [(connection, item.news) for connection in room.of_agent(no)]
        self._stirred[room] = None
        if len(self._stirred) == 1 or self._urgent:
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        urgent, self._urgent = self._urgent, []
        for connection, news in urgent:
            self._pump(connection)
            self.on_pop(self.wall() - news.at / 1000)
        if not self._sweeping and self._stirred:
            self._sweeping = True
            asyncio.get_running_loop().call_later(self.limits.sweep_after, self._sweep)

    def _sweep(self) -> None:
        """Write to whoever is behind, for a moment; what remains waits for the next round of the loop."""
        for room in self._stirred:
            room.ring.settle()
            for connection in room.connections:
                if connection.live and not connection.queued:
                    connection.queued = True
                    self._waiting.append(connection)
        self._stirred.clear()
        until = time.perf_counter() + self.limits.sweep_seconds
        while self._waiting:
            connection = self._waiting.popleft()
            connection.queued = False
            self._pump(connection)
            if time.perf_counter() > until:
                break
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._sweep)
        else:
            self._sweeping = False

    def _pump(self, connection: Connection) -> None:
        try:
            connection.pump()
        except Exception:
            log.exception("a connection could not be written to")
            connection.close(1011, "internal error")
