"""What the HTTP interface needs from the rest of the server, as protocols; it knows none of those who fill them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from starlette.websockets import WebSocket

from cti.audit import Audit, Entry
from cti.dispositions import Disposition
from cti.events import Event
from cti.ids import AgentNo, CallId, Instant, QueueName, TenantId
from cti.masking import Firewall
from cti.news import Published
from cti.people import Principal, Reach
from cti.permissions import Role
from cti.reasons import Reason
from cti.phones import Kind
from cti.recording.kept import Kept, Wanted
from cti.recording.policy import RecordingRules
from cti.records import AgentProfile, Call, QueueSettings
from cti.teams import Team

Shape = Mapping[str, object]
Item = TypeVar("Item", covariant=True)


class Page(Protocol[Item]):
    """One page of a list; `next` is the cursor of the following one."""

    @property
    def items(self) -> Sequence[Item]: ...

    @property
    def total(self) -> int: ...

    @property
    def next(self) -> str | None: ...


class Desk(Protocol):
    """What people may ask of one tenant's board. Each returns at once or raises `cti.errors.Refused`."""

    def status(
        self, agent: AgentNo, status: str, reason: str | None, device: str | None, by: str, forced: bool
    ) -> None: ...

    def finish_acw(self, agent: AgentNo) -> None: ...

    def hang_up(self, call: CallId, agent: AgentNo) -> None: ...

    def wish(self, make: Callable[[Instant], Event]) -> None: ...

    def supervise(
        self, call: CallId, who: Principal, permission: str, make: Callable[[Instant], Event]
    ) -> None: ...

    def play(self, agent: AgentNo, call: CallId, prompt: str, side: str) -> None: ...

    def dial(self, agent: AgentNo, to: str, caller_id: str, recording: str = "") -> CallId: ...

    async def dispose(self, call: CallId, agent: AgentNo, code: str, note: str) -> None:
        """What a call came to, said by one of its agents. A call that is long over is looked for on record."""
        ...

    async def correct(self, call: CallId, who: Principal, agent: AgentNo, code: str, note: str) -> None:
        """The same, said by somebody in the place of an agent within their reach."""
        ...

    def call_back(self, number: str, name: str, queue: QueueName, data: Mapping[str, str]) -> CallId: ...

    def cancel_callback(self, call: CallId, by: str) -> None: ...

    def record(self, call: CallId, action: str, reach: Collection[AgentNo] | None, by: str) -> None:
        """Steer a recording; `reach`: only of calls that one of these talks in."""
        ...


class BoardView(Protocol):
    """Read access to one tenant's live state, in the shapes of the contract."""

    @property
    def seq(self) -> int: ...

    def agents(self) -> Sequence[Shape]: ...

    def agent(self, no: AgentNo) -> Shape | None: ...

    def queues(self) -> Sequence[Shape]: ...

    def queue(self, name: QueueName) -> Shape | None: ...

    def queues_of(self, agent: AgentNo) -> Sequence[QueueName]: ...

    def live_calls(self) -> Sequence[Shape]: ...

    def call(self, call: CallId) -> Shape | None:
        """The full shape of a call that is on the board."""
        ...

    def devices(self, also: Collection[str] = ()) -> Sequence[Shape]:
        """`{name, state, reachable, agent_no}` of agents' devices and of these others, by name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """`since` is included, `until` is not; `agent_no` took the call, `within` is who asks' reach."""

    search: str = ""
    since: Instant | None = None
    until: Instant | None = None
    queue: str | None = None
    agent_no: str | None = None
    within: Reach | None = None
    result: str | None = None
    number: str | None = None
    direction: str | None = None
    disposition: str | None = None


class Records(Protocol):
    """The past, from the database; raises one of the `away` exceptions given to `create_app` when it is not there."""

    async def calls(self, tenant: TenantId, which: CallFilter, limit: int, cursor: str | None) -> Page[Call]: ...

    async def call(self, tenant: TenantId, call: CallId) -> Call | None: ...

    async def after(self, tenant: TenantId, seq: int, limit: int) -> Sequence[Published]: ...

    async def newest(self, tenant: TenantId, limit: int, before: int | None) -> Sequence[Published]:
        """The journal's end (or what comes before `before`), oldest first."""
        ...

    async def caught_up(self, deadline: float) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    username: str
    role: str
    agent_no: AgentNo | None = None
    team: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    name: str
    title: str
    agents: int


class Directory(Protocol):
    """People and settings. An edit is in force (board, tokens, sockets) when it returns; a bad one raises `Refused`."""

    def current(self, username: str) -> Principal | None:
        """That person as they are now; None when gone or disabled. Answers from memory."""
        ...

    async def password_hash(self, username: str) -> str | None: ...

    async def revoke_tokens(self, tenant: TenantId, username: str) -> None: ...

    async def users(self, tenant: TenantId) -> Sequence[User]: ...

    async def add_user(self, tenant: TenantId, user: User, password: str) -> None: ...

    async def change_user(self, tenant: TenantId, user: User, password: str | None) -> None:
        """A new password ends all sessions; None keeps the old one."""
        ...

    async def remove_user(self, tenant: TenantId, username: str) -> None: ...

    def profile(self, tenant: TenantId, no: AgentNo) -> AgentProfile | None: ...

    async def add_agent(self, tenant: TenantId, agent: AgentProfile) -> None: ...

    async def change_agent(self, tenant: TenantId, agent: AgentProfile) -> None: ...

    async def remove_agent(self, tenant: TenantId, no: AgentNo) -> None: ...

    async def add_queue(self, tenant: TenantId, queue: QueueSettings) -> None: ...

    async def change_queue(self, tenant: TenantId, queue: QueueSettings) -> None: ...

    async def remove_queue(self, tenant: TenantId, name: QueueName) -> None: ...

    async def skills(self, tenant: TenantId) -> Sequence[Skill]: ...

    async def put_skill(self, tenant: TenantId, name: str, title: str) -> None: ...

    async def remove_skill(self, tenant: TenantId, name: str) -> None: ...

    def reasons(self, tenant: TenantId) -> Sequence[Reason]:
        """In order. Answers from memory."""
        ...

    async def put_reason(self, tenant: TenantId, reason: Reason, *, new: bool) -> None:
        """Add it, or change one that is there."""
        ...

    async def remove_reason(self, tenant: TenantId, code: str) -> None: ...

    def dispositions(self, tenant: TenantId) -> Sequence[Disposition]:
        """In order. Answers from memory."""
        ...

    async def put_disposition(self, tenant: TenantId, disposition: Disposition, *, new: bool) -> None:
        """Add it, or change one that is there."""
        ...

    async def remove_disposition(self, tenant: TenantId, code: str) -> None: ...


class Flows(Protocol):
    """IVR flows. What is published is in force for the next call when it returns; bad edits raise `Refused`."""

    async def list(self, tenant: TenantId, limit: int, cursor: str | None, search: str) -> Page[Shape]: ...

    async def get(self, tenant: TenantId, name: str) -> Shape: ...

    async def document(self, tenant: TenantId, name: str, version: int | None) -> Shape:
        """The document of a version, or of the draft."""
        ...

    async def save(
        self, tenant: TenantId, document: Shape, *, by: str, revision: int | None, anyway: bool = False
    ) -> Shape:
        """Make this the draft; `anyway`: over whatever is there, else the draft of `revision` (None: a new flow)."""
        ...

    async def check(self, tenant: TenantId, name: str, document: Shape | None) -> Sequence[Shape]: ...

    async def publish(self, tenant: TenantId, name: str, *, by: str, note: str, revision: int | None) -> Shape: ...

    async def roll_back(self, tenant: TenantId, name: str, version: int, *, by: str) -> Shape: ...

    async def remove(self, tenant: TenantId, name: str) -> None: ...

    async def rehearse(
        self, tenant: TenantId, name: str, version: int | None, document: Shape | None, **script: Any
    ) -> Shape:
        """The transcript of a scripted caller: number, dialled, language, at, events, leaves, customer, fetched."""
        ...

    def read(self, text: str) -> Shape: ...

    def write(self, document: Shape, as_json: bool) -> str: ...


class Organisation(Protocol):
    """Roles and teams. An edit is in force for everybody signed in when it returns; a bad one raises `Refused`."""

    async def roles(self, tenant: TenantId) -> Mapping[str, Role]:
        """By name, the built-in ones first."""
        ...

    async def add_role(self, tenant: TenantId, role: Role) -> Role: ...

    async def change_role(self, tenant: TenantId, role: Role) -> Role: ...

    async def remove_role(self, tenant: TenantId, name: str) -> None: ...

    async def teams(self, tenant: TenantId) -> Mapping[str, Team]: ...

    async def add_team(self, tenant: TenantId, team: Team) -> Team: ...

    async def change_team(self, tenant: TenantId, team: Team) -> Team: ...

    async def remove_team(self, tenant: TenantId, name: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which entries of the record. `since` is included, `until` not; `object` is where the object's name begins."""

    search: str = ""
    who: str | None = None
    action: str | None = None
    object: str | None = None
    since: Instant | None = None
    until: Instant | None = None


class Proof(Protocol):
    """What reading a chain came to."""

    @property
    def entries(self) -> int: ...

    @property
    def head(self) -> str: ...

    @property
    def broken(self) -> str | None: ...


class Ledger(Protocol):
    """The record of who did what, to be read."""

    async def entries(self, tenant: TenantId, sought: Sought, limit: int, cursor: str | None) -> Page[Entry]: ...

    async def verify(self, tenant: TenantId) -> Proof: ...

    async def kept(self, deadline: float) -> bool:
        """Wait until everything noted before now is on record; False when that takes too long."""
        ...


class Recordings(Protocol):
    """What was recorded. Whoever asks says whose calls they may know of: of these agents, or None for everybody's."""

    async def list(self, tenant: TenantId, which: Wanted, limit: int, cursor: str | None) -> Page[Kept]: ...

    async def one(self, tenant: TenantId, recording: str, agents: Collection[AgentNo] | None) -> Kept | None: ...

    async def of_calls(
        self, tenant: TenantId, calls: Collection[CallId], agents: Collection[AgentNo] | None
    ) -> Mapping[CallId, Sequence[str]]: ...

    def read(self, kept: Kept, first: int, length: int) -> AsyncIterator[bytes]:
        """A part of its sound; raises `Refused` before the first block when it is not there."""
        ...

    def zipped(self, chosen: Sequence[Kept]) -> AsyncIterator[bytes]: ...

    async def erase(self, tenant: TenantId, recordings: Collection[str]) -> Sequence[str]:
        """From now on nobody hears these; returns those that could be heard until now."""
        ...

    async def erase_number(self, tenant: TenantId, number: str) -> Sequence[str]: ...

    async def rules(self, tenant: TenantId) -> RecordingRules: ...

    async def set_rules(self, tenant: TenantId, rules: RecordingRules) -> None:
        """In force when it returns; raises `BadRequest` for rules that are none."""
        ...


class Passwords(Protocol):
    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether this is the password; None, for an unknown user, takes just as long and is never right."""
        ...


class Health(Protocol):
    async def reasons(self) -> Mapping[str, str]:
        """Why the server is not ready: code -> sentence; empty when it is."""
        ...

    def warnings(self) -> Mapping[str, str]:
        """What is wrong though the server is ready: code -> sentence."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a version of a prompt is made of: text to speak, or else an upload."""

    language: str
    text: str = ""
    upload: bytes | None = field(default=None, repr=False)


class Prompts(Protocol):
    """What callers hear, in the shapes of the contract. An edit is in force when it returns; a bad one is `Refused`."""

    def list(self, tenant: TenantId) -> Sequence[Shape]: ...

    async def get(self, tenant: TenantId, name: str) -> Shape:
        """With all its versions."""
        ...

    async def audio(self, tenant: TenantId, name: str, language: str, version: int | None) -> Path: ...

    async def preview(self, language: str, text: str) -> bytes: ...

    async def create(self, tenant: TenantId, name: str, title: str, made: Made, by: str) -> Shape: ...

    async def add(self, tenant: TenantId, name: str, made: Made, by: str) -> Shape: ...

    async def restore(self, tenant: TenantId, name: str, version: int, by: str) -> Shape: ...

    async def rename(self, tenant: TenantId, name: str, title: str) -> Shape: ...

    async def remove(self, tenant: TenantId, name: str) -> None: ...


class Voicemails(Protocol):
    """Messages that callers left, in the shapes of the contract."""

    async def list(
        self,
        tenant: TenantId,
        state: str,
        agents: Collection[AgentNo] | None,
        search: str,
        limit: int,
        cursor: str | None,
    ) -> Page[Shape]: ...

    async def get(self, tenant: TenantId, message: str) -> Shape: ...

    async def change(self, tenant: TenantId, message: str, state: str, agent: AgentNo | None, note: str) -> Shape: ...

    def file(self, tenant: TenantId, message: Shape) -> Path | None: ...

    async def erase_number(self, tenant: TenantId, number: str) -> Sequence[str]:
        """Everything that a customer has left; returns which messages went."""
        ...


class Incidents(Protocol):
    """Known incidents, in the shapes of the contract."""

    async def list(self, tenant: TenantId) -> Sequence[Shape]: ...

    async def begin(self, tenant: TenantId, title: str, prompt: str, prefixes: Sequence[str], offer: bool) -> Shape: ...

    async def end(self, tenant: TenantId, incident: str) -> Shape: ...

    async def get(self, tenant: TenantId, incident: str) -> Shape: ...

    async def callers(self, tenant: TenantId, incident: str, wanting: bool) -> Sequence[Shape]: ...

    async def told(self, tenant: TenantId, incident: str, call: CallId) -> None: ...


class EntryDesk(Protocol):
    """Our numbers, schedules and calendars, shown from memory. An edit holds for the next call when it returns."""

    def numbers(self, tenant: TenantId) -> Sequence[Shape]: ...

    def number(self, tenant: TenantId, number: str) -> Shape: ...

    async def add_number(self, tenant: TenantId, given: Shape) -> Shape: ...

    async def change_number(self, tenant: TenantId, number: str, given: Shape) -> Shape: ...

    async def remove_number(self, tenant: TenantId, number: str) -> None: ...

    def test_number(self, tenant: TenantId, number: str, caller: str, at: datetime | None) -> Shape:
        """Where a caller would go at that moment, by which rules, and why."""
        ...

    def schedules(self, tenant: TenantId) -> Sequence[Shape]: ...

    def schedule(self, tenant: TenantId, name: str) -> Shape: ...

    async def add_schedule(self, tenant: TenantId, given: Shape) -> Shape: ...

    async def change_schedule(self, tenant: TenantId, name: str, given: Shape) -> Shape: ...

    async def remove_schedule(self, tenant: TenantId, name: str) -> None: ...

    def test_schedule(self, tenant: TenantId, name: str, at: datetime | None) -> Shape: ...

    def calendars(self, tenant: TenantId) -> Sequence[Shape]: ...

    def calendar(self, tenant: TenantId, name: str) -> Shape: ...

    async def add_calendar(self, tenant: TenantId, given: Shape) -> Shape: ...

    async def change_calendar(self, tenant: TenantId, name: str, given: Shape) -> Shape: ...

    async def remove_calendar(self, tenant: TenantId, name: str) -> None: ...

    def days(self, tenant: TenantId, name: str, year: int) -> Sequence[Shape]:
        """The days of a year that are not what their weekday says."""
        ...


class CallerLists(Protocol):
    """The deny and VIP lists. An edit holds for the next call when it returns."""

    async def list(
        self, tenant: TenantId, kind: str | None, limit: int, cursor: str | None, search: str
    ) -> Page[Shape]: ...

    async def get(self, tenant: TenantId, entry: str) -> Shape: ...

    async def put(self, tenant: TenantId, given: Shape, *, by: str) -> Shape: ...

    async def change(self, tenant: TenantId, entry: str, given: Shape, *, by: str) -> Shape: ...

    async def remove(self, tenant: TenantId, entry: str) -> None: ...

    async def empty(self, tenant: TenantId, kind: str) -> int: ...

    async def load(
        self, tenant: TenantId, kind: str, data: bytes, *, by: str, replace: bool, partial: bool
    ) -> Shape:
        """Import a sheet; one with wrong lines is refused whole unless a `partial` one is wanted."""
        ...

    def sheet(self, tenant: TenantId, kind: str) -> AsyncIterator[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneMade:
    """A phone with its secret, which nobody is told a second time."""

    name: str
    kind: Kind
    realm: str
    secret: str = field(repr=False)
    provisioned: bool


class Phones(Protocol):
    """Phones that are made here. An edit is in force when it returns, or when Asterisk answers again."""

    def list(self, tenant: TenantId) -> Sequence[Shape]:
        """`{name, kind, provisioned}`, from memory."""
        ...

    async def softphone(self, tenant: TenantId, agent: AgentNo) -> Shape:
        """What the page of an agent registers with: `{device, user, realm, digest}`; `NotFound` without such a phone."""
        ...

    async def add(self, tenant: TenantId, kind: Kind, name: str | None, owner: AgentNo | None) -> PhoneMade: ...

    async def add_agent(
        self, tenant: TenantId, agent: AgentProfile, kinds: Sequence[Kind]
    ) -> Sequence[PhoneMade]:
        """An agent with phones of their own, or neither."""
        ...

    async def give(self, tenant: TenantId, name: str, owner: AgentNo | None) -> None: ...

    async def renew(self, tenant: TenantId, name: str) -> PhoneMade:
        """Another secret; whoever is registered with the old one no longer is."""
        ...

    async def remove(self, tenant: TenantId, name: str) -> None: ...

    async def remove_of(self, tenant: TenantId, agent: AgentNo) -> None: ...


class Trunks(Protocol):
    """Trunks that are made here, in the shapes of the contract. An edit holds for the next call when it returns."""

    async def list(self, tenant: TenantId) -> Sequence[Shape]: ...

    async def get(self, tenant: TenantId, name: str) -> Shape: ...

    async def add(self, tenant: TenantId, given: Shape) -> Shape: ...

    async def change(self, tenant: TenantId, name: str, given: Shape) -> Shape: ...

    async def remove(self, tenant: TenantId, name: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    tenants: Callable[[], Sequence[TenantId]]
    desk: Callable[[TenantId], Desk]
    board: Callable[[TenantId], BoardView]
    records: Records
    directory: Directory
    flows: Flows
    prompts: Prompts
    voicemails: Voicemails
    incidents: Incidents
    organisation: Organisation
    audit: Audit
    ledger: Ledger
    numbers: Firewall
    recordings: Recordings
    passwords: Passwords
    health: Health
    entry: EntryDesk
    lists: CallerLists
    phones: Phones
    trunks: Trunks
    stream: Callable[[WebSocket], Awaitable[None]]
    softphone: Callable[[WebSocket], Awaitable[None]]
