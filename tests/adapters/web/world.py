"""A small call centre behind the HTTP interface: two tenants, people with passwords, a board, records."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import httpx
from starlette.websockets import WebSocket

from adapters.desktop.door import Door
from adapters.web.app import create_app
from adapters.web.ports import CallFilter, Ports, Skill, User
from adapters.web.problems import StoreAway
from adapters.web.serving import HttpServer
from adapters.web.settings import WebSettings
from cti.dispositions import Disposition, check_place, in_order
from cti.errors import BadRequest, Conflict, NotFound, NotInAcw, PbxDown, RefusedByPolicy
from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, OfferId, QueueName, TenantId
from cti.masking import Firewall
from cti.news import Published
from cti.people import Principal, principal
from cti.reasons import PRESETS, Reason, with_presets
from cti.records import AgentProfile, Call, Leg, Offer, OfferResult, QueueSettings, Result, Segment, SegmentKind, State
from cti.shapes import call_brief, call_shape, settings_shape
from tests.adapters.web.office import Ledger, Letters, Nowhere, Organisation
from tests.adapters.web.switchroom import Phones, Trunks
from tests.adapters.web.tapes import Tapes

DEMO, OTHER = TenantId("demo"), TenantId("other")
AT = Instant(1_800_000_000_000)
KEY = "k" * 64


class Away(Exception):
    """What the database raises when it is not there."""


def agent_dict(no: str, queues: Sequence[str] = ("sales",), name: str = "张伟明") -> dict[str, object]:
    return {
        "agent_no": no,
        "name": name,
        "queues": list(queues),
        "skills": {},
        "status": "ready",
        "reason": None,
        "reason_code": None,
        "reason_until": None,
        "over_limit": False,
        "status_since": "2026-11-22T10:00:00.000Z",
        "work": "talking",
        "work_since": "2026-11-22T10:00:00.000Z",
        "pending_status": None,
        "pending_reason": None,
        "acw_until": None,
        "calls_today": 0,
        "disposition_due": None,
        "routable": False,
        "device": {"name": no, "reachable": True},
        "call": f"c-{no}",
        "caller": {"number": "+8613800138000", "name": "李娜"},
    }


def queue_dict(name: str, members: Sequence[str]) -> dict[str, object]:
    waiting = {
        "call": "c-9",
        "number": "+8613900139000",
        "name": "王芳",
        "since": "2026-11-22T10:00:00.000Z",
        "priority": 0,
        "vip": False,
        "position": 1,
        "state": "waiting",
        "skills": {},
        "ewt_seconds": 90,
    }
    return {
        **settings_shape(QueueSettings(name=QueueName(name), title=f"队列{name}")),
        "members": sorted(members),
        "waiting_count": 1,
        "longest_since": "2026-11-22T10:00:00.000Z",
        "ewt_seconds": None,
        "service": {"since": "2026-11-22T00:00:00.000Z", "answered": 8, "in_time": 6, "abandoned": 0, "level": 0.75},
        "waiting": [waiting],
    }


def call_record(call: str, agent: str = "1001", tenant: TenantId = DEMO, began: int = AT) -> Call:
    at = Instant(began)
    offer = Offer(
        OfferId(f"o-{call}"),
        1,
        AgentNo(agent),
        DeviceName(agent),
        QueueName("sales"),
        "least_calls",
        "sales; 0 calls",
        at,
    )
    offer.result, offer.ended_at = OfferResult.ACCEPTED, at
    return Call(
        id=CallId(call),
        tenant=tenant,
        number="+8613800138000",
        name="李娜",
        dialled="4001",
        queue=QueueName("sales"),
        started_at=at,
        queued_at=at,
        state=State.ENDED,
        state_since=at,
        answered_at=at,
        ended_at=at,
        result=Result.ANSWERED,
        legs=[Leg(LegId("1.1"), "PJSIP/trunk-1", "customer", at)],
        segments=[Segment(SegmentKind.WAITING, at, None, QueueName("sales"), at)],
        offers=[offer],
    )


@dataclass
class Desk:
    asked: list[tuple[object, ...]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    def call_back(self, number: str, name: str, queue: QueueName, data: Mapping[str, str]) -> CallId:
        if number in self.refuses:
            raise RefusedByPolicy("rule number: that is no telephone number")
        self.asked.append(("call_back", number, name, queue, dict(data)))
        return CallId(f"{len(self.asked)}-cb")

    def status(
        self, agent: AgentNo, status: str, reason: str | None, device: str | None, by: str, forced: bool
    ) -> None:
        self.asked.append(("status", agent, status, reason, device, by, forced))

    def finish_acw(self, agent: AgentNo) -> None:
        raise NotInAcw(f"{agent} is not in after-call work")

    def hang_up(self, call: CallId, agent: AgentNo) -> None:
        if call == "c-down":
            raise PbxDown("no link")
        self.asked.append(("hang_up", call, agent))

    def record(self, call: CallId, action: str, reach: Collection[AgentNo] | None, by: str) -> None:
        self.asked.append(("record", call, action, reach, by))

    async def dispose(self, call: CallId, agent: AgentNo, code: str, note: str) -> None:
        if call == "c-away":
            raise StoreAway("the past cannot be read now")
        self.asked.append(("dispose", call, agent, code, note))

    async def correct(self, call: CallId, who: Principal, agent: AgentNo, code: str, note: str) -> None:
        self.asked.append(("correct", call, who.username, agent, code, note))


@dataclass
class Board:
    people: dict[str, AgentProfile] = field(default_factory=dict)
    settings: dict[str, QueueSettings] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    seq: int = 0

    def agents(self) -> list[dict[str, object]]:
        return [{**agent_dict(no, one.queues, one.name), "skills": one.skills} for no, one in self.people.items()]

    def agent(self, no: AgentNo) -> dict[str, object] | None:
        return next((one for one in self.agents() if one["agent_no"] == no), None)

    def queues(self) -> list[dict[str, object]]:
        return [
            {**queue_dict(name, [no for no, who in self.people.items() if name in who.queues]), **settings_shape(one)}
            for name, one in self.settings.items()
        ]

    def queue(self, name: QueueName) -> dict[str, object] | None:
        return next((one for one in self.queues() if one["name"] == name), None)

    def queues_of(self, agent: AgentNo) -> Sequence[QueueName]:
        return self.people[agent].queues if agent in self.people else ()

    def live_calls(self) -> list[dict[str, object]]:
        return [call_brief(call) for call in self.calls.values()]

    def call(self, call: CallId) -> dict[str, object] | None:
        return call_shape(self.calls[call]) if call in self.calls else None

    def devices(self, also: Collection[str] = ()) -> list[Mapping[str, object]]:
        owners = {device: no for no, one in self.people.items() for device in one.devices}
        return [
            {"name": device, "state": "NOT_INUSE", "reachable": True, "agent_no": owners.get(DeviceName(device))}
            for device in sorted({*owners, *also})
        ]


@dataclass
class Found:
    items: list[Call]
    total: int
    next: str | None


@dataclass
class Records:
    kept: dict[TenantId, list[Call]] = field(default_factory=dict)
    journal: list[Published] = field(default_factory=list)
    away: bool = False
    behind: bool = False
    asked: list[CallFilter] = field(default_factory=list)

    def _here(self) -> None:
        if self.away:
            raise Away

    async def calls(self, tenant: TenantId, which: CallFilter, limit: int, cursor: str | None) -> Found:
        self._here()
        self.asked.append(which)
        found = [
            call
            for call in self.kept.get(tenant, [])
            if which.within is None or which.within.holds({offer.agent_no for offer in call.offers}, call.queue)
        ]
        if cursor is not None and not cursor.isdecimal():
            raise BadRequest("that cursor is none of ours")
        start = int(cursor or 0)
        more = str(start + limit) if len(found) > start + limit else None
        return Found(found[start : start + limit], len(found), more)

    async def call(self, tenant: TenantId, call: CallId) -> Call | None:
        self._here()
        return next((one for one in self.kept.get(tenant, []) if one.id == call), None)

    async def after(self, tenant: TenantId, seq: int, limit: int) -> Sequence[Published]:
        self._here()
        return [news for news in self.journal if news.seq > seq][:limit] if tenant == DEMO else []

    async def newest(self, tenant: TenantId, limit: int, before: int | None) -> Sequence[Published]:
        self._here()
        found = [news for news in self.journal if before is None or news.seq < before]
        return found[-limit:] if tenant == DEMO else []

    async def caught_up(self, deadline: float) -> bool:
        return not self.away and not self.behind


@dataclass
class Directory:
    """Users by name with their passwords in the clear, which is the fake's own business."""

    board: Board
    known: dict[str, Principal] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    can: dict[str, str] = field(default_factory=dict)  # skill -> title
    why: dict[str, Reason] = field(default_factory=dict)
    came_to: dict[str, Disposition] = field(default_factory=dict)

    def add(self, who: Principal) -> None:
        self.known[who.username] = who
        self.passwords[who.username] = f"secret of {who.username}"

    def current(self, username: str) -> Principal | None:
        return None if username in self.disabled else self.known.get(username)

    async def password_hash(self, username: str) -> str | None:
        return self.passwords.get(username)

    async def revoke_tokens(self, tenant: TenantId, username: str) -> None:
        who = self.known[username]
        self.known[username] = replace(who, token_version=who.token_version + 1)

    async def users(self, tenant: TenantId) -> Sequence[User]:
        return [
            User(username=name, role=one.role, agent_no=one.agent_no, disabled=name in self.disabled)
            for name, one in self.known.items()
            if one.tenant == tenant
        ]

    async def add_user(self, tenant: TenantId, user: User, password: str) -> None:
        if user.username in self.known:
            raise Conflict("that name is taken")
        self.known[user.username] = principal(tenant, user.username, user.role, user.agent_no)
        self.passwords[user.username] = password

    async def change_user(self, tenant: TenantId, user: User, password: str | None) -> None:
        old = self.known[user.username]
        self.known[user.username] = principal(tenant, user.username, user.role, user.agent_no, old.token_version)
        (self.disabled.add if user.disabled else self.disabled.discard)(user.username)
        if password is not None:
            self.passwords[user.username] = password
            await self.revoke_tokens(tenant, user.username)

    async def remove_user(self, tenant: TenantId, username: str) -> None:
        del self.known[username]

    def profile(self, tenant: TenantId, no: AgentNo) -> AgentProfile | None:
        return self.board.people.get(no)

    async def add_agent(self, tenant: TenantId, agent: AgentProfile) -> None:
        if agent.agent_no in self.board.people:
            raise Conflict("that number is taken")
        self.board.people[agent.agent_no] = agent

    async def change_agent(self, tenant: TenantId, agent: AgentProfile) -> None:
        self.board.people[agent.agent_no] = agent

    async def remove_agent(self, tenant: TenantId, no: AgentNo) -> None:
        del self.board.people[no]

    async def add_queue(self, tenant: TenantId, queue: QueueSettings) -> None:
        self.board.settings[queue.name] = queue

    async def change_queue(self, tenant: TenantId, queue: QueueSettings) -> None:
        self.board.settings[queue.name] = queue

    async def remove_queue(self, tenant: TenantId, name: QueueName) -> None:
        del self.board.settings[name]

    async def skills(self, tenant: TenantId) -> Sequence[Skill]:
        able = [profile.skills for profile in self.board.people.values()]
        return [
            Skill(name=name, title=title, agents=sum(name in one for one in able)) for name, title in self.can.items()
        ]

    async def put_skill(self, tenant: TenantId, name: str, title: str) -> None:
        self.can[name] = title or name

    async def remove_skill(self, tenant: TenantId, name: str) -> None:
        if name not in self.can:
            raise NotFound("no such skill")
        del self.can[name]

    def reasons(self, tenant: TenantId) -> Sequence[Reason]:
        return with_presets(self.why.values()) if tenant == DEMO else with_presets(())

    async def put_reason(self, tenant: TenantId, reason: Reason, *, new: bool) -> None:
        if new is any(one.code == reason.code for one in self.reasons(tenant)):
            raise Conflict("that reason exists") if new else NotFound("no such reason")
        self.why[reason.code] = reason

    async def remove_reason(self, tenant: TenantId, code: str) -> None:
        if code in PRESETS:
            raise Conflict("every tenant has it")
        if self.why.pop(code, None) is None:
            raise NotFound("no such reason")

    def dispositions(self, tenant: TenantId) -> Sequence[Disposition]:
        return in_order(self.came_to.values()) if tenant == DEMO else ()

    async def put_disposition(self, tenant: TenantId, disposition: Disposition, *, new: bool) -> None:
        if new is (disposition.code in self.came_to):
            raise Conflict("that disposition exists") if new else NotFound("no such disposition")
        check_place(disposition, self.came_to)
        self.came_to[disposition.code] = disposition

    async def remove_disposition(self, tenant: TenantId, code: str) -> None:
        if self.came_to.pop(code, None) is None:
            raise NotFound("no such disposition")


class Passwords:
    def __init__(self) -> None:
        self.verified: list[str | None] = []

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified.append(password_hash)
        return password_hash == password


@dataclass
class Health:
    wrong: dict[str, str] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)

    async def reasons(self) -> Mapping[str, str]:
        return self.wrong

    def warnings(self) -> Mapping[str, str]:
        return self.odd


def demo_board() -> Board:
    people = {
        no: AgentProfile(
            agent_no=AgentNo(no),
            name=name,
            devices=(DeviceName(no), DeviceName(f"{no}-web")),
            queues=tuple(map(QueueName, queues)),
        )
        for no, name, queues in (
            ("1001", "张伟明", ("sales", "support")),
            ("1002", "Ana", ("sales",)),
            ("1900", "班长", ()),
        )
    }
    settings = {
        name: QueueSettings(name=QueueName(name), title=f"队列{name}") for name in ("sales", "support", "empty")
    }
    return Board(people, settings)


class World:
    """Everything behind the interface; `client` speaks to it."""

    def __init__(
        self,
        pages: Path | None = None,
        flows: Any = None,
        entry: Any = None,
        lists: Any = None,
        incidents: Any = None,
        voicemails: Any = None,
        **settings: Any,
    ) -> None:
        self.board = demo_board()
        self.others = Board({"9001": AgentProfile(agent_no=AgentNo("9001"), name="elsewhere")})
        self.desk = Desk()
        self.records = Records()
        self.directory = Directory(self.board)
        self.passwords = Passwords()
        self.health = Health()
        self.flows = flows
        self.organisation = Organisation()
        self.ledger = Ledger()
        self.tapes = Tapes()
        self.numbers = Firewall(b"k" * 32)
        self.phones = Phones(self.board)
        self.trunks = Trunks()
        nowhere = Nowhere()
        for who in (
            principal(DEMO, "a1", "agent", AgentNo("1001")),
            principal(DEMO, "a2", "agent", AgentNo("1002")),
            principal(DEMO, "blind", "masked_agent", AgentNo("1001")),
            principal(DEMO, "boss", "supervisor", AgentNo("1900")),
            principal(DEMO, "root", "admin"),
            principal(DEMO, "crm", "api"),
            principal(OTHER, "stranger", "admin"),
        ):
            self.directory.add(who)
        boards = {DEMO: self.board, OTHER: self.others}
        here: dict[str, Any] = {
            "tenants": lambda: list(boards),
            "desk": lambda _tenant: self.desk,
            "board": lambda tenant: boards[tenant],
            "records": self.records,
            "directory": self.directory,
            "flows": flows,
            "entry": entry,
            "lists": lists,
            "incidents": incidents or nowhere,
            "voicemails": voicemails or Letters(),
            "phones": self.phones,
            "trunks": self.trunks,
            "organisation": self.organisation,
            "audit": self.ledger,
            "ledger": self.ledger,
            "numbers": self.numbers,
            "recordings": self.tapes,
            "passwords": self.passwords,
            "health": self.health,
            "stream": self._stream,
        }
        ports = Ports(**{one.name: here.get(one.name, nowhere) for one in fields(Ports)})
        self.app = create_app(
            ports, WebSettings(token_key=KEY, pages=pages, away=(Away,), **settings), asyncapi="asyncapi: 3.0.0"
        )
        self.url = ""

    async def _stream(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("here")
        await websocket.close()

    @asynccontextmanager
    async def at_hand(self) -> AsyncIterator[World]:
        """Without a socket in between."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(base_url="http://cti.test", transport=transport) as client:
            self.client = client
            yield self

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[World]:
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = HttpServer(self.app, Door)
        running = asyncio.create_task(server.run_on(listening))
        await server.ready.wait()
        try:
            async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:
                self.client = client
                yield self
        finally:
            server.stop()
            await running

    def token(self, username: str) -> str:
        token: str = self.app.state.tokens.issue(self.directory.known[username])
        return token

    async def ask(self, method: str, path: str, by: str | None = None, **more: Any) -> httpx.Response:
        headers = {**more.pop("headers", {})}
        if by is not None:
            headers["Authorization"] = f"Bearer {self.token(by)}"
        path = path if path.startswith(("/api", "/healthz", "/readyz", "/metrics", "/docs")) else f"/api/v1{path}"
        return await self.client.request(method, path, headers=headers, **more)

    async def get(self, path: str, by: str | None = None, **more: Any) -> Any:
        response = await self.ask("GET", path, by, **more)
        assert response.status_code == 200, response.text
        return response.json()


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem detail, after a look at its form."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert body["status"] == response.status_code
    assert all(isinstance(body[name], str) for name in ("type", "title", "code", "detail"))
    if response.status_code == 401:
        assert response.headers["www-authenticate"].startswith("Bearer")
    return response.status_code, body["code"]
