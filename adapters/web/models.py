"""The shapes of the contract as models: they document the interface and check what people send."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cti.records import Result, State

T = TypeVar("T")

_PLAIN = r"^[^\x00-\x1f\x7f]*$"

AgentNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,16}$")]
QueueWord = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
DeviceWord = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
UserWord = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
Words = Annotated[str, StringConstraints(max_length=100, pattern=_PLAIN, strip_whitespace=True)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=200)]
ReasonWord = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_PLAIN)]
NameWord = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,39}$")]
PermissionWord = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=64)]
ScopeWord = Literal["own", "team", "tenant"]
StatusWord = Literal["ready", "not_ready", "logged_out"]
SkillWord = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Levels = Annotated[dict[SkillWord, Annotated[int, Field(ge=1, le=10)]], Field(max_length=50)]
MusicWord = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,39})?$")]
PhoneKind = Literal["desk", "web"]
PhoneWord = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]
HostWord = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:-]+$")]
AddressWord = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[0-9A-Fa-f.:/]+$")]
CallerIdWord = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{2,20}$")]
PromptWord = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
FlowWord = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
TargetWord = Annotated[str, StringConstraints(max_length=100, pattern=r"^([a-z]+(:[A-Za-z0-9+*#_-]+)?)?$")]
Strategy = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class Problem(BaseModel):
    """RFC 9457; `code` is stable."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str


class Listing(BaseModel, Generic[T]):
    items: list[T]
    total: int
    next: str | None


class Accepted(BaseModel):
    """What happened comes as events."""

    accepted: bool = True


class Token(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(description="seconds")
    username: str
    tenant: str
    role: str
    agent_no: str | None


# --- agents --------------------------------------------------------------------------------------------------------


class DeviceNow(BaseModel):
    name: str | None
    reachable: bool


class Numbered(BaseModel):
    """A role that may not see numbers gets `138****8000` and what to dial, search and list the number by."""

    number: str
    number_token: str | None = Field(default=None, description="there when the number is masked")


class Caller(Numbered):
    name: str


class Agent(BaseModel):
    agent_no: str
    name: str
    queues: list[str]
    skills: dict[str, int]
    status: StatusWord
    reason: str | None
    reason_code: str | None = Field(description="of the tenant's reasons, when this is one of them")
    reason_until: datetime | None = Field(description="until when it allows to be not ready; null: no limit")
    over_limit: bool = Field(description="that time is over")
    status_since: datetime | None
    work: Literal["idle", "offered", "ringing", "talking", "held", "consulting", "acw", "supervising"]
    work_since: datetime | None
    pending_status: StatusWord | None
    pending_reason: str | None
    acw_until: datetime | None
    disposition_due: str | None = Field(description="the call that after-call work waits for")
    routable: bool
    device: DeviceNow
    calls_today: int = Field(description="calls in which the agent has talked since local midnight")
    call: str | None
    caller: Caller | None


class StatusAsked(BaseModel):
    """`reason` goes with `not_ready`; `device` with signing in."""

    status: StatusWord
    reason: ReasonWord | None = None
    device: DeviceWord | None = None


class ForceAsked(BaseModel):
    reason: ReasonWord | None = None


class PhoneSecret(BaseModel):
    name: str = Field(description="the user name, too")
    kind: PhoneKind
    realm: str
    secret: str = Field(description="shown this once; only a digest of it is kept")
    provisioned: bool = Field(description="false: Asterisk does not answer, and gets it when it does")


class PhoneMade(PhoneSecret):
    agent_no: str | None


class AgentMade(Agent):
    phones: list[PhoneSecret]


class NewAgent(BaseModel):
    agent_no: AgentNumber
    name: Words
    devices: list[DeviceWord] = Field(default=[], max_length=8, description="desk phone first, then browser")
    queues: list[QueueWord] = Field(default=[], max_length=200)
    skills: Levels = Field(default={}, description="skill -> level, 1 to 10")


    phones: list[PhoneKind] = Field(default=[], max_length=2, description="phones to make with the agent")


class AgentChange(BaseModel):
    name: Words | None = None
    devices: list[DeviceWord] | None = Field(default=None, max_length=8)
    queues: list[QueueWord] | None = Field(default=None, max_length=200)
    skills: Levels | None = Field(default=None, description="all of them; those left out are taken away")


# --- queues --------------------------------------------------------------------------------------------------------


class Waiting(Numbered):
    call: str
    name: str
    since: datetime
    priority: int
    vip: bool
    position: int
    state: Literal["waiting", "offered"]
    skills: dict[str, int] = Field(description="needed of the agent: skill -> level")
    ewt_seconds: int | None = Field(description="expected wait until the answer; null while nobody serves the queue")


class Service(BaseModel):
    """What became of the callers since the queue's window began."""

    since: datetime
    answered: int
    in_time: int = Field(description="answered within service_level_seconds")
    abandoned: int
    level: float | None = Field(description="in_time / (answered + abandoned)")


class QueueSettings(BaseModel):
    """Targets are `queue:…`, `number:…`, `agent:…`, `voicemail:…`, `flow:…`, `callback` or `hangup`."""

    title: Words = ""
    strategy: Strategy = "least_calls"
    ring_seconds: int = Field(default=15, ge=5, le=120)
    acw_seconds: int = Field(default=10, ge=0, le=3600)
    window: Literal["day", "week", "month"] = "day"
    music: MusicWord = Field(default="", description="a music class of Asterisk")
    announce_position: bool = False
    announce_ewt: bool = Field(default=False, description="the expected waiting time")
    announce_every_seconds: int = Field(default=0, ge=0, le=3600, description="0: once")
    comfort_prompts: list[PromptWord] = Field(default=[], max_length=20)
    comfort_every_seconds: int = Field(default=30, ge=10, le=3600)
    agent_announcement: Literal["off", "number"] = "off"
    whisper: PromptWord | Literal[""] = Field(default="", description="the prompt that names the queue to the agent")
    max_wait_seconds: int = Field(default=0, ge=0, le=86_400, description="0: no longest wait")
    max_wait_target: TargetWord = ""
    max_length: int = Field(default=0, ge=0, le=10_000, description="0: no limit")
    max_length_target: TargetWord = ""
    no_agents: Literal["off", "signed_in", "ready"] = Field(default="off", description="leave when nobody is that")
    no_agents_target: TargetWord = ""
    age_seconds_per_priority: int = Field(default=0, ge=0, le=86_400, description="0: priority always goes first")
    relax_after_seconds: int = Field(default=0, ge=0, le=3600, description="0: needed levels never sink")
    relax_levels: int = Field(default=1, ge=1, le=10)
    sticky_days: int = Field(default=30, ge=1, le=3650)
    sticky_seconds: int = Field(default=20, ge=0, le=3600)
    sticky_base: Strategy = "longest_idle"
    service_level_seconds: int = Field(default=20, ge=1, le=3600)
    survey: FlowWord | Literal[""] = Field(default="", description="the flow that asks when the agent has hung up")
    disposition_required: bool = Field(
        default=False, description="after-call work ends when the agent has said what the call came to"
    )


class Queue(QueueSettings):
    name: str
    members: list[str]
    waiting_count: int
    longest_since: datetime | None
    ewt_seconds: int | None = Field(description="for a caller who came now")
    service: Service
    waiting: list[Waiting]


class NewQueue(QueueSettings):
    name: QueueWord


class QueueChange(QueueSettings):
    """What is left out stays as it is."""


# --- skills --------------------------------------------------------------------------------------------------------


class Skill(BaseModel):
    name: str
    title: str
    agents: int = Field(description="how many have it")


class NewSkill(BaseModel):
    name: SkillWord
    title: Words = ""


class SkillChange(BaseModel):
    title: Words


# --- calls ---------------------------------------------------------------------------------------------------------


class Segment(BaseModel):
    kind: Literal["ivr", "waiting", "ringing", "talking", "held", "consulting", "survey", "voicemail"]
    agent_no: str | None
    queue: str | None
    started_at: datetime
    ended_at: datetime | None
    seconds: float | None


class Offer(BaseModel):
    id: str
    agent_no: str
    device: str
    queue: str
    strategy: str
    reason: str = Field(description="why this agent, as a sentence")
    result: Literal["accepted", "rejected", "no_answer", "failed", "cancelled"] | None
    detail: str
    offered_at: datetime
    ringing_at: datetime | None
    ended_at: datetime | None


class Leg(BaseModel):
    id: str
    kind: Literal["customer", "agent", "party", "supervisor"]
    channel: str
    device: str | None
    agent_no: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    cause: int | None


class RunningRecording(BaseModel):
    """What is, or was, done about recording; `state` is null before it begins."""

    mode: Literal["always", "sampled", "on_demand"]
    reason: str
    state: Literal["on", "off", "paused", "barred", "refused"] | None
    since: datetime | None


class Step(BaseModel):
    """One node of a flow that the caller went through."""

    flow: str
    version: int
    node: str
    kind: str
    at: datetime
    exit: str
    digits: str


class Survey(BaseModel):
    agent_no: str | None
    queue: str | None
    began_at: datetime
    result: str | None
    score: int | None
    answers: dict[str, str]


class Said(BaseModel):
    """What a call came to, as one agent says."""

    agent_no: str
    code: str
    note: str
    said_at: datetime
    said_by: str | None = Field(description="who said it in the agent's place")


class Call(Numbered):
    id: str
    direction: str
    name: str
    dialled: str
    queue: str
    priority: int
    vip: bool
    state: State
    state_since: datetime
    agent_no: str | None
    started_at: datetime
    queued_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    result: Result | None
    cause: str
    linkedid: str
    segments: list[Segment]
    offers: list[Offer]
    legs: list[Leg]
    recordings: list[str] = Field(description="ids of what can be heard; empty for who may not know of it")
    recording: RunningRecording | None
    rules: list[str] = Field(description="how it was let in")
    language: str
    path: list[Step] = Field(description="its way through flows")
    data: dict[str, str] = Field(description="what it carries")
    survey: Survey | None
    dispositions: list[Said] = Field(description="of each agent who has said something")


# --- devices, users, events, health --------------------------------------------------------------------------------


class Device(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str
    state: str = Field(description="Asterisk's word: NOT_INUSE, INUSE, RINGING, UNAVAILABLE, ...")
    reachable: bool
    agent_no: str | None
    kind: PhoneKind | None = Field(description="of a phone that was made here; null for one of Asterisk's own")
    provisioned: bool | None = Field(description="whether Asterisk has it as it should be; null for one of its own")


class Softphone(BaseModel):
    device: str = Field(description="what to sign in with")
    user: str
    realm: str
    digest: str = Field(description="HA1 (RFC 2617): whoever has it can register as that phone")


class NewDevice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: PhoneKind
    name: PhoneWord | None = Field(default=None, description="else the agent's number, with -web for a browser phone")
    agent_no: AgentNumber | None = None


class DeviceChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agent_no: AgentNumber | None = None


class SecretReset(BaseModel):
    reason: ReasonWord | None = None


class Trunk(BaseModel):
    name: str
    title: str
    endpoint: str = Field(description="what Asterisk calls it")
    host: str
    port: int
    match: list[str] = Field(description="addresses and networks that its calls come from")
    user: str
    realm: str = Field(description="what the other side's challenge says")
    register_: bool = Field(alias="register", description="whether Asterisk signs in there")
    caller_ids: list[str] = Field(description="numbers that calls may show on it, the usual one first")
    default: bool = Field(description="calls leave by it whose caller id nobody chooses")
    enabled: bool
    provisioned: bool = Field(description="whether Asterisk has it as it should be")


class TrunkChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Words | None = None
    host: HostWord | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    match: list[AddressWord] | None = Field(default=None, max_length=32)
    user: Annotated[str, StringConstraints(max_length=64, pattern=_PLAIN)] | None = None
    secret: Annotated[str, StringConstraints(max_length=128, pattern=_PLAIN)] | None = Field(
        default=None, description="the carrier's; a digest of it is kept"
    )
    realm: Annotated[str, StringConstraints(max_length=128, pattern=_PLAIN)] | None = Field(
        default=None, description="else the host"
    )
    register_: bool | None = Field(default=None, alias="register")
    caller_ids: list[CallerIdWord] | None = Field(default=None, max_length=200)
    default: bool | None = None
    enabled: bool | None = None


class NewTrunk(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,23}$")]
    title: Words = ""
    host: HostWord
    port: int = Field(default=5060, ge=1, le=65535)
    match: list[AddressWord] = Field(default=[], max_length=32, description="else the host, when it is an address")
    user: Annotated[str, StringConstraints(max_length=64, pattern=_PLAIN)] = ""
    secret: Annotated[str, StringConstraints(max_length=128, pattern=_PLAIN)] = Field(
        default="", description="the carrier's; a digest of it is kept"
    )
    realm: Annotated[str, StringConstraints(max_length=128, pattern=_PLAIN)] = Field(
        default="", description="else the host"
    )
    register_: bool = Field(default=False, alias="register")
    caller_ids: list[CallerIdWord] = Field(default=[], max_length=200)
    default: bool = False
    enabled: bool = True


class User(BaseModel):
    username: str
    role: str
    agent_no: str | None
    team: str | None = Field(description="null: at the root, above all teams")
    disabled: bool
    locked: bool = Field(description="refused for a while after too many failed sign-ins")


class Myself(User):
    tenant: str
    permissions: dict[str, ScopeWord]


class NewUser(BaseModel):
    username: UserWord
    password: Password
    role: NameWord
    agent_no: AgentNumber | None = None
    team: NameWord | None = None


class UserChange(BaseModel):
    """An `agent_no` or a `team` of null takes it away; a field that is left out stays."""

    password: Password | None = None
    role: NameWord | None = None
    agent_no: AgentNumber | None = None
    team: NameWord | None = None
    disabled: bool | None = None
    reason: ReasonWord | None = None


class OwnPassword(BaseModel):
    old: str = Field(max_length=1000)
    new: Password


class PasswordReset(BaseModel):
    """Without a password the server makes one."""

    password: Password | None = None
    reason: ReasonWord | None = None


class PasswordMade(BaseModel):
    username: str
    password: str | None = Field(description="the one that was made; it is shown this once")


class Unlock(BaseModel):
    reason: ReasonWord | None = None


class Role(BaseModel):
    name: str
    title: str
    title_en: str
    permissions: dict[str, ScopeWord]
    built_in: bool
    sees_numbers: bool
    users: int


class NewRole(BaseModel):
    """With `copy_of` the permissions of that role, changed by what is given: null takes a permission away."""

    name: NameWord
    title: Words = ""
    title_en: Words = ""
    copy_of: NameWord | None = None
    permissions: dict[PermissionWord, ScopeWord | None] = Field(default={}, max_length=200)


class RoleChange(BaseModel):
    """Permissions given are changed, null takes one away, the others stay."""

    title: Words | None = None
    title_en: Words | None = None
    permissions: dict[PermissionWord, ScopeWord | None] = Field(default={}, max_length=200)
    reason: ReasonWord | None = None


class Permission(BaseModel):
    name: str
    roles: dict[str, ScopeWord] = Field(description="who has it, and how far it reaches")


class Team(BaseModel):
    name: str
    title: str
    parent: str | None
    members: list[str] = Field(description="user names")


class NewTeam(BaseModel):
    name: NameWord
    title: Words = ""
    parent: NameWord | None = None


class TeamChange(BaseModel):
    """A `parent` of null puts it under the root; a field that is left out stays."""

    title: Words | None = None
    parent: NameWord | None = None


class Reveal(BaseModel):
    token: Annotated[str, StringConstraints(pattern="^token:[a-p]{48,112}$")]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PLAIN, strip_whitespace=True)]


class Revealed(BaseModel):
    number: str


class NumberAsked(BaseModel):
    number: Annotated[str, StringConstraints(pattern=r"^[+0-9*#(). -]{1,40}$")]


class NumberToken(BaseModel):
    number: str
    token: str


class AuditEntry(BaseModel):
    id: int
    at: datetime
    tenant: str
    who: str
    from_: str = Field(alias="from")
    action: str
    object: str
    reason: str
    data: dict[str, Any]
    prev_hash: str
    hash: str


class AuditProof(BaseModel):
    """Keep `head` elsewhere: with it, a chain that was rewritten from its beginning shows, too."""

    holds: bool
    entries: int
    head: str
    broken: str | None


class Event(BaseModel):
    """The same `seq`, `type`, `at`, `call` and `data` as on the event stream."""

    seq: int
    type: str
    at: datetime
    call: str | None
    data: dict[str, object]


class Alive(BaseModel):
    status: Literal["ok"]


class Warned(BaseModel):
    code: str
    detail: str


class Ready(BaseModel):
    """`warnings`: what should be seen to, though calls are taken."""

    status: Literal["ready"]
    warnings: list[Warned]
