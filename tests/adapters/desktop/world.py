"""A small tenant that behaves: a board, a desk, a journal and tokens in memory, and a real server on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from adapters.desktop.door import Door
from adapters.desktop.hub import Hub
from adapters.desktop.ports import Ports
from adapters.desktop.ring import Ring
from adapters.desktop.settings import Limits
from adapters.web.serving import HttpServer
from cti.control.events import TransferAsked
from cti.errors import BadRequest, NotAllowed, NotInAcw
from cti.events import Event
from cti.ids import AgentNo, CallId, Instant, OfferId, QueueName, TenantId
from cti.masking import Firewall
from cti.news import Published
from cti.people import Principal, principal
from cti.targets import by_hand
from tests.adapters.web.office import Ledger

DEMO = TenantId("demo")
QUEUES = ("sales", "support", "empty")
AGENTS = ("1001", "1002", "1900")


def agent_dict(no: str) -> dict[str, object]:
    caller = {"number": "+8613800138000", "name": "张伟明"}
    return {"agent_no": no, "name": f"座席{no}", "status": "ready", "call": "c-1", "caller": caller}


def call_dict(call: str) -> dict[str, object]:
    return {"id": call, "number": "+8613800138000", "name": "张伟明", "queue": "sales", "agent_no": "1001"}


@dataclass
class FakeBoard:
    seq: int = 0
    epoch: str = "e7"
    link_up: bool = True
    members: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"1001": ("sales", "support"), "1002": ("sales",), "1900": ()}
    )
    calls: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"c-1": ("1001",), "c-2": ()})

    def agents(self) -> list[dict[str, object]]:
        return [agent_dict(no) for no in AGENTS]

    def agent(self, no: AgentNo) -> dict[str, object] | None:
        return agent_dict(no) if no in AGENTS else None

    def queues(self) -> list[dict[str, object]]:
        return [{"name": name, "waiting": []} for name in QUEUES]

    def queue(self, name: QueueName) -> dict[str, object] | None:
        return {"name": name, "waiting": []} if name in QUEUES else None

    def queues_of(self, agent: AgentNo) -> list[QueueName]:
        return [QueueName(name) for name in self.members.get(agent, ())]

    def live_calls(self) -> list[dict[str, object]]:
        return [call_dict(call) for call in self.calls]

    def calls_of(self, agent: AgentNo) -> list[dict[str, object]]:
        return [call_dict(call) for call, offered in self.calls.items() if agent in offered]


@dataclass
class FakeDesk:
    """The past is to be read unless somebody clears `past`."""

    asked: list[tuple[object, ...]] = field(default_factory=list)
    past: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.past.set()

    def status(
        self, agent: AgentNo, status: str, reason: str | None, device: str | None, by: str, forced: bool
    ) -> None:
        self.asked.append(("status", agent, status, reason, device, by, forced))

    def finish_acw(self, agent: AgentNo) -> None:
        raise NotInAcw(f"{agent} is not in after-call work")

    def hang_up(self, call: CallId, agent: AgentNo) -> None:
        self.asked.append(("hang_up", call, agent))

    def wish(self, make: Callable[[Instant], Event]) -> None:
        wished = make(Instant(0))
        if isinstance(wished, TransferAsked):
            by_hand(wished.to, ("agent", "queue"))
        self.asked.append(("wish", wished))

    async def dispose(self, call: CallId, agent: AgentNo, code: str, note: str) -> None:
        await self.past.wait()
        if code == "nonsense":
            raise BadRequest(f"there is no disposition {code}")
        self.asked.append(("dispose", call, agent, code, note))

    async def correct(self, call: CallId, who: Principal, agent: AgentNo, code: str, note: str) -> None:
        self.asked.append(("correct", call, who.username, agent, code, note))

    def shown(self, agent: AgentNo, offer: OfferId) -> None:
        self.asked.append(("shown", agent, offer))

    def desktop_opened(self, agent: AgentNo) -> None:
        self.asked.append(("opened", agent))

    def desktop_closed(self, agent: AgentNo) -> None:
        self.asked.append(("closed", agent))


@dataclass
class FakeJournal:
    """Holds everything up to `drained`; `broken` makes every question fail."""

    kept: list[Published] = field(default_factory=list)
    drained: int | None = None
    broken: bool = False
    asked: int = 0

    async def after(self, tenant: TenantId, seq: int, limit: int) -> Sequence[Published]:
        self.asked += 1
        if self.broken:
            raise OSError("the database is away")
        await asyncio.sleep(0)
        last = len(self.kept) if self.drained is None else self.drained
        found = [news for news in self.kept[:last] if news.seq > seq]
        return found[:limit]

    async def caught_up(self, deadline: float) -> bool:
        self.drained = None
        return not self.broken


@dataclass
class FakeTokens:
    """A token is the name of its user."""

    people: dict[str, Principal] = field(default_factory=dict)
    expires: float = 2e10

    def check(self, token: str) -> tuple[Principal, float]:
        if token not in self.people:
            raise NotAllowed("no such token")
        return self.people[token], self.expires

    def current(self, username: str) -> Principal | None:
        return self.people.get(username)


def everybody() -> dict[str, Principal]:
    people = [
        principal(DEMO, "a1", "agent", AgentNo("1001")),
        principal(DEMO, "a2", "agent", AgentNo("1002")),
        principal(DEMO, "blind", "masked_agent", AgentNo("1001")),
        principal(DEMO, "boss", "supervisor", AgentNo("1900")),
        principal(DEMO, "root", "admin"),
        principal(DEMO, "crm", "api"),
        principal(TenantId("other"), "stranger", "admin"),
    ]
    return {one.username: one for one in people}


@dataclass
class World:
    limits: Limits = field(default_factory=Limits)
    board: FakeBoard = field(default_factory=FakeBoard)
    desk: FakeDesk = field(default_factory=FakeDesk)
    journal: FakeJournal = field(default_factory=FakeJournal)
    tokens: FakeTokens = field(default_factory=lambda: FakeTokens(everybody()))
    others: FakeBoard = field(default_factory=FakeBoard)
    url: str = ""
    hub: Hub = field(init=False)
    ledger: Ledger = field(default_factory=Ledger)
    numbers: Firewall = field(default_factory=lambda: Firewall(b"k" * 32))

    def __post_init__(self) -> None:
        self.restart_hub()

    def restart_hub(self) -> None:
        """As after a restart of the server: the journal is there, the ring is empty."""
        boards = {DEMO: self.board}
        ports = Ports(
            desk=lambda _tenant: cast(Any, self.desk),  # what call control asks for is tested elsewhere
            board=lambda tenant: boards.get(tenant, self.others),
            journal=self.journal,
            tokens=self.tokens,
            audit=self.ledger,
            numbers=self.numbers,
        )
        self.hub = Hub(ports, self.limits)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[World]:
        async def stream(websocket: Any) -> None:
            await self.hub.serve(websocket)

        app = Starlette(routes=[WebSocketRoute("/api/v1/ws", stream)])
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = HttpServer(app, Door)
        running = asyncio.create_task(server.run_on(listening))
        await server.ready.wait()
        try:
            yield self
        finally:
            self.hub.close()
            server.stop()
            await running

    @property
    def ring(self) -> Ring:
        return self.hub.room(DEMO).ring

    # --- what happens ---

    def publish(self, *batch: Published) -> None:
        """As the engine does it: the board is there already, the journal follows, everybody hears of it."""
        numbered = [replace(news, seq=self.board.seq + n) for n, news in enumerate(batch, 1)]
        self.board.seq += len(numbered)
        self.journal.kept += numbered
        self.hub.publish(DEMO, numbered)

    def change_role(self, username: str, role: str) -> None:
        old = self.tokens.people[username]
        self.tokens.people[username] = principal(old.tenant, username, role, old.agent_no, old.token_version)
        self.hub.principal_changed(username)

    def revoke(self, username: str) -> None:
        old = self.tokens.people[username]
        self.tokens.people[username] = replace(old, token_version=old.token_version + 1)
        self.hub.principal_changed(username)


# --- news ---------------------------------------------------------------------------------------------------------

AT = Instant(1_800_000_000_000)


def agent_updated(no: str = "1001") -> Published:
    return Published(0, "agent.updated", AT, agent_dict(no), CallId("c-1"), frozenset({AgentNo(no)}))


def queue_updated(name: str = "sales", padding: str = "") -> Published:
    return Published(0, "queue.updated", AT, {"name": name, "waiting": [], "padding": padding}, queue=QueueName(name))


def call_news(kind: str, call: str = "c-1", agents: tuple[str, ...] = ("1001",), queue: str = "sales") -> Published:
    whom = frozenset(AgentNo(no) for no in agents)
    return Published(0, f"call.{kind}", AT, call_dict(call), CallId(call), whom, QueueName(queue))


def pop(no: str = "1001", offer: str = "o-1") -> Published:
    data: dict[str, object] = {"offer": offer, "agent_no": no, "caller": {"number": "+8613800138000", "name": "张伟明"}}
    return Published(0, "screen_pop.requested", AT, data, CallId("c-1"), frozenset({AgentNo(no)}), QueueName("sales"))


def link_down() -> Published:
    return Published(0, "pbx.link_down", AT, {"reason": "ping"})


async def turn_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.to_thread(lambda: None)
