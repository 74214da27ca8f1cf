"""A call centre of two hundred agents in full swing: a real engine and a real stream, callers and phones by chance."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from adapters.desks import BoardView, Desk
from adapters.desktop.door import Door
from adapters.desktop.hub import Hub
from adapters.desktop.ports import Ports
from adapters.web.serving import HttpServer
from cti import events as ev
from cti.engine import Carriers, Clock, Engine, Turn
from cti.ids import AgentNo, CallId, DeviceName, LegId, QueueName, TenantId
from cti.masking import Firewall
from cti.news import Published
from cti.people import Principal, principal
from cti.records import AgentProfile, Call, QueueSettings, State
from tests.adapters.desktop.client import Event, StreamClient
from tests.adapters.desktop.world import FakeJournal, FakeTokens
from tests.adapters.web.office import Ledger

DEMO: Final = TenantId("demo")
QUEUES: Final = tuple(QueueName(name) for name in ("sales", "support", "billing", "orders"))
AGENTS: Final = tuple(AgentNo(str(2001 + n)) for n in range(200))
GUESSED: Final = "ewt_seconds"
"""An estimate that changes with time, and is no state."""


def _profile(n: int, no: AgentNo) -> AgentProfile:
    serves = tuple(dict.fromkeys((QUEUES[n % 4], QUEUES[n % 3])))
    return AgentProfile(agent_no=no, name=f"座席{no}", devices=(DeviceName(no),), queues=serves)


class Busy:
    """Every agent is ready at the beginning; `happens` lets one thing happen to somebody."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = random.Random(seed)
        self.clock = Clock()
        self.journal = FakeJournal()
        self.engine = Engine(Carriers(self._journaled, self._published, {}), self.clock)
        profiles = tuple(
            AgentProfile(
                agent_no=no, name=f"座席{no}", devices=(DeviceName(no),), queues=(QUEUES[n % 4], QUEUES[n % 3])
            )
            for n, no in enumerate(AGENTS)
        )
        people: dict[str, Principal] = {no: principal(DEMO, no, "agent", no) for no in AGENTS}
        people["wall"] = principal(DEMO, "wall", "admin")
        queues = tuple(QueueSettings(name=name, acw_seconds=1, service_level_seconds=2) for name in QUEUES)
        self.engine.open(
            DEMO,
            ev.Started(at=self.clock(), timezone="Asia/Shanghai", queues=queues, agents=profiles),
            last_seq=0,
            seated=self._seated,
        )
        ports = Ports(
            desk=lambda _: self.desk,
            board=lambda _: self.view,
            journal=self.journal,
            tokens=FakeTokens(people),
            audit=Ledger(),
            numbers=Firewall(b"k" * 32),
        )
        self.hub = Hub(ports)
        self.n = 0
        self.began = 0.0
        self.stamps: dict[int, float] = {}
        """When that began to happen of which each event tells, by the clock of the machine."""
        self.post(ev.SnapshotTaken(at=self.clock(), legs=(), devices={DeviceName(no): "NOT_INUSE" for no in AGENTS}))
        for no in AGENTS:
            self.post(ev.StatusAsked(at=self.clock(), agent=no, status="ready"))

    def _seated(self, tenant: TenantId) -> None:
        self.view = BoardView(self.engine, tenant, "e1")
        self.desk: Any = Desk(self.engine, tenant, lambda *_: (), self._past)

    async def _past(self, *_: object) -> Call | None:
        return None

    def _journaled(self, turn: Turn) -> None:
        self.journal.kept += turn.news

    def _published(self, tenant: TenantId, news: Sequence[Published]) -> None:
        if hasattr(self, "hub"):
            self.stamps.update((one.seq, self.began) for one in news)
            self.hub.publish(tenant, news)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        async def stream(websocket: Any) -> None:
            await self.hub.serve(websocket)

        app = Starlette(routes=[WebSocketRoute("/api/v1/ws", stream)])
        listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        server = HttpServer(app, Door)
        running = asyncio.create_task(server.run_on(listening))
        await server.ready.wait()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            self.hub.close()
            self.engine.close()
            server.stop()
            await running

    # --- what happens ---

    def post(self, event: ev.Event) -> None:
        self.engine.post(event, DEMO)

    @property
    def calls(self) -> list[Call]:
        return list(self.engine.board(DEMO).calls.values())

    def happens(self) -> None:
        """A caller comes, a phone rings or is answered, somebody hangs up, an agent goes on a break."""
        self.began = time.perf_counter()
        rng, at, calls = self.rng, self.clock(), self.calls
        call = rng.choice(calls) if calls else None
        what = rng.random()
        if call is None or what < 0.25:
            self._calls()
        elif what < 0.35:
            status = rng.choice(("ready", "ready", "not_ready"))
            self.post(ev.StatusAsked(at=at, agent=rng.choice(AGENTS), status=status, reason="小休"))
        elif call.state in (State.OFFERED, State.RINGING):
            self._rings(call)
        elif call.state is State.TALKING and what < 0.6:
            for leg in reversed(call.live()):
                self.post(ev.LegEnded(at=at, leg=leg.id, cause=16))
        elif call.state in (State.TALKING, State.HELD):
            kind = ev.LegHeld if call.state is State.TALKING else ev.LegRetrieved
            self.post(kind(at=at, leg=call.legs[-1].id))
        else:
            self.post(ev.LegEnded(at=at, leg=call.customer.id, cause=16))

    def _calls(self) -> None:
        self.n += 1
        at = self.clock()
        self.post(
            ev.CallerWaiting(
                at=at,
                call=CallId(f"{at // 1000}-{self.n}-123456"),
                leg=LegId(f"c{self.n}"),
                channel=f"PJSIP/cti-trunk-{self.n:08x}",
                linkedid=f"c{self.n}",
                queue=self.rng.choice(QUEUES),
                number=f"+86139{self.n:08d}",
                name="王小明",
                dialled="4001",
                since=at,
                priority=self.rng.choice((0, 0, 5)),
                screened=False,
            )
        )

    def _rings(self, call: Call) -> None:
        at, offer = self.clock(), call.offers[-1]
        leg = LegId(f"{call.customer.id}-{offer.n}")
        if call.leg(leg) is None:
            channel = f"PJSIP/{offer.device}-{self.n:08x}"
            self.post(
                ev.LegDialled(at=at, leg=call.customer.id, dialled=leg, channel=channel, device=offer.device, n=offer.n)
            )
            self.post(ev.LegRinging(at=at, leg=leg))
        elif self.rng.random() < 0.8:
            self.post(ev.LegAnswered(at=at, leg=leg))
        else:
            self.post(ev.DeliveryEnded(at=at, call=call.id, n=offer.n, status="BUSY", cause=17))

    async def goes_on(self, seconds: float, a_second: int) -> None:
        """So many things a second happen, and now and then ten at once."""
        loop = asyncio.get_running_loop()
        over, began = loop.create_future(), loop.time()
        for n in range(round(seconds * a_second)):
            loop.call_at(began + n / a_second, self.happens)
            if n % a_second == a_second // 2:
                for _ in range(10):
                    loop.call_at(began + n / a_second, self.happens)
        loop.call_at(began + seconds, over.set_result, None)
        await over

    # --- how it stands ---

    def standing(self) -> dict[str, dict[str, Any]]:
        """What the server would tell somebody who came now."""
        plain = {"agents": self.view.agents(), "queues": self.view.queues(), "calls": self.view.live_calls()}
        told = msgspec.json.decode(msgspec.json.encode(plain))
        return Wall.of(told["agents"], told["queues"], told["calls"]).shown()


class Wall:
    """A wallboard: a snapshot, and every event since folded into it; nothing else is ever asked."""

    def __init__(self) -> None:
        self.agents: dict[str, Any] = {}
        self.queues: dict[str, Any] = {}
        self.calls: dict[str, Any] = {}
        self.events = 0

    @classmethod
    def of(cls, agents: list[Any], queues: list[Any], calls: list[Any]) -> Wall:
        made = cls()
        made.agents = {one["agent_no"]: one for one in agents}
        made.queues = {one["name"]: one for one in queues}
        made.calls = {one["id"]: one for one in calls}
        return made

    @classmethod
    def begun(cls, snapshot: dict[str, Any]) -> Wall:
        return cls.of(snapshot["agent:*"], snapshot["queue:*"], snapshot["calls:*"])

    def take(self, event: Event) -> None:
        self.events += 1
        data = event.data
        if event.type == "agent.updated":
            self.agents[data["agent_no"]] = data
        elif event.type == "queue.updated":
            self.queues[data["name"]] = {**self.queues.get(data["name"], {}), **data}
        elif event.type == "call.ended":
            self.calls.pop(data["id"], None)
        elif event.type.startswith("call."):
            self.calls[data["id"]] = {key: data[key] for key in BRIEF}

    def shown(self) -> dict[str, dict[str, Any]]:
        queues = {
            name: {**without(queue), "waiting": [without(one) for one in queue["waiting"]]}
            for name, queue in self.queues.items()
        }
        calls = {call: {key: one[key] for key in BRIEF} for call, one in self.calls.items()}
        return {"agents": self.agents, "queues": queues, "calls": calls}


BRIEF: Final = ("id", "number", "name", "queue", "priority", "state", "state_since", "agent_no", "queued_at", "result")


def without(shape: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shape.items() if key != GUESSED}


async def watch(client: StreamClient, wall: Wall, last: asyncio.Future[int]) -> Wall:
    """Read and fold until the last event has come; the client itself proves that none is missing or out of order."""
    while not (last.done() and client.seq == last.result()):
        await client.receive()
        for event in client.events:
            wall.take(event)
        client.events.clear()
    return wall
