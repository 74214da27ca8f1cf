"""What the board works on and the store keeps: calls, legs, segments, offers, agents, queues, figures. Data alone.

Every instant is in whole milliseconds since 1970 UTC; fields that end in `_ms` are durations in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, OfferId, QueueName, TenantId


class State(StrEnum):
    IVR = "ivr"
    WAITING = "waiting"
    OFFERED = "offered"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    FALLBACK = "fallback"
    SURVEY = "survey"
    ENDED = "ended"


class Result(StrEnum):
    """How a call came out (invariant I2: exactly one of these)."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    FALLBACK = "fallback"
    PBX_LOST = "pbx_lost"
    IVR = "ivr"  # served, or left, in a flow; never stood in a queue
    DENIED = "denied"
    VOICEMAIL = "voicemail"
    FORWARDED = "forwarded"  # sent on to a number of the outside world
    CALLBACK = "callback"  # the caller asked to be called back
    OVERFLOWED = "overflowed"  # a rule of the queue sent the caller off, and nobody took the call


class OfferResult(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SegmentKind(StrEnum):
    IVR = "ivr"
    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    SURVEY = "survey"
    VOICEMAIL = "voicemail"


@dataclass(slots=True)
class Leg:
    """One channel of a call (CSTA: connection)."""

    id: LegId
    channel: str
    kind: str  # "customer" | "agent"
    started_at: Instant
    device: DeviceName | None = None
    agent_no: AgentNo | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    cause: int | None = None


@dataclass(slots=True)
class Segment:
    """One slice of a call for accounting; the slices of one call follow each other without gap or overlap."""

    kind: SegmentKind
    started_at: Instant
    agent_no: AgentNo | None = None
    queue: QueueName | None = None
    ended_at: Instant | None = None


@dataclass(slots=True)
class Offer:
    """One attempt to give a call to one agent."""

    id: OfferId
    n: int
    agent_no: AgentNo
    device: DeviceName
    queue: QueueName
    strategy: str
    reason: str
    offered_at: Instant
    ringing_at: Instant | None = None
    ended_at: Instant | None = None
    result: OfferResult | None = None
    detail: str = ""


@dataclass(slots=True)
class Step:
    """One node of a flow that a caller went through; `exit` is the way taken, `digits` as far as they may be shown."""

    flow: str
    version: int
    node: str
    kind: str
    at: Instant
    exit: str = ""
    digits: str = ""


@dataclass(slots=True)
class Survey:
    """What a caller said of an agent afterwards 满意度. `result`: answered, refused, silent or left."""

    agent_no: AgentNo | None
    queue: QueueName | None
    began_at: Instant
    result: str = ""
    score: int | None = None
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Journey:
    """What else belongs to a call: how it was let in, its way through flows, what it carries, what came of it."""

    rules: list[str] = field(default_factory=list)
    language: str = ""
    path: list[Step] = field(default_factory=list)
    data: dict[str, str] = field(default_factory=dict)
    survey: Survey | None = None
    ends_as: str = ""  # the result, should the caller leave now


@dataclass(slots=True)
class Call:
    """The customer's journey, one id through every transfer; it outlives its legs."""

    id: CallId
    tenant: TenantId
    number: str
    name: str
    dialled: str
    queue: QueueName
    started_at: Instant
    queued_at: Instant
    priority: int = 0
    vip: bool = False
    direction: str = "inbound"
    linkedid: str = ""
    state: State = State.WAITING
    state_since: Instant = Instant(0)
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    result: Result | None = None
    cause: str = ""
    told: bool = False  # call.started has been published
    told_queue: str = ""  # call.queued has been published for this queue
    legs: list[Leg] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    journey: Journey = field(default_factory=Journey)
    skills: dict[str, int] = field(default_factory=dict)  # what an agent needs to take it: skill -> level
    sent_to: str = ""  # where a rule of the queue has sent the caller

    @property
    def customer(self) -> Leg:
        """The caller's own leg; the first of the call."""
        return self.legs[0]

    @property
    def offer(self) -> Offer | None:
        """The offer under way, or the accepted one while the agent is in the call."""
        if self.offers and self.offers[-1].result in (None, OfferResult.ACCEPTED):
            return self.offers[-1]
        return None

@dataclass(slots=True)
class Mark:
    """From here on a recording was `on`, `paused`, `off`, or `barred` by a rule."""

    at: Instant
    state: str


@dataclass(slots=True)
class Recording:
    """One file for the whole of a call. `wanted` is what was ordered last, `state` what Asterisk has said so far;
    both are empty until the file begins. `side`: whose channel is recorded, the customer's or an agent's."""

    mode: str  # always, sampled or on_demand
    reason: str
    name: str = ""
    side: str = "customer"
    state: str = ""
    wanted: str = ""
    began_at: Instant | None = None  # None: nobody was listening when it began
    marks: list[Mark] = field(default_factory=list)


    def leg(self, leg: LegId) -> Leg | None:
        return next((one for one in self.legs if one.id == leg), None)

    def agent_leg(self, agent: AgentNo) -> Leg | None:
        """The live leg of this agent, if there is one."""
        return next((one for one in self.legs if one.agent_no == agent and one.ended_at is None), None)

    def enter(self, kind: SegmentKind, at: Instant, agent: AgentNo | None = None) -> None:
        """Close the running segment and open the next one at the same instant."""
        self.close_segment(at)
        self.segments.append(Segment(kind=kind, started_at=at, agent_no=agent, queue=self.queue))

    def close_segment(self, at: Instant) -> None:
        if self.segments and self.segments[-1].ended_at is None:
            last = self.segments[-1]
            last.ended_at = max(at, last.started_at)

    def talked(self, agent: AgentNo | None = None, now: Instant | None = None) -> int:
        """Milliseconds talked and held, by this agent or by all; a running segment counts up to `now`."""
        return sum(
            (s.ended_at or now or s.started_at) - s.started_at
            for s in self.segments
            if s.kind in (SegmentKind.TALKING, SegmentKind.HELD) and (agent is None or s.agent_no == agent)
        )


# --- people and queues ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
    recording: Recording | None = None

    @property
    def waits(self) -> list[Segment]:
        """The segments of the wait that is on: since the arrival, or since whoever had the caller before."""
        found: list[Segment] = []
        for segment in reversed(self.segments):
            if segment.kind not in (SegmentKind.WAITING, SegmentKind.RINGING):
                break
            found.append(segment)
        return found[::-1]

    @property
    def joined_at(self) -> Instant:
        """When the caller joined the queue they are in; after an overflow, later than `queued_at`."""
        at = self.queued_at
        for segment in reversed(self.waits):
            if segment.queue != self.queue:
                break
            at = segment.started_at
        return at

    @property
    def waited_in(self) -> set[QueueName]:
        """The queues of the wait that is on."""
        return {segment.queue for segment in self.waits if segment.queue is not None}
class QueueSettings:
    """Where callers wait for a group of agents 技能组. `window`: day, week or month, in the tenant's time zone."""

    name: QueueName
    title: str = ""
    strategy: str = "least_calls"
    ring_seconds: int = 15
    acw_seconds: int = 10
    window: str = "day"
    # what the caller hears
    music: str = ""  # a music class of Asterisk; empty: the default one
    announce_position: bool = False
    announce_ewt: bool = False  # the expected waiting time
    announce_every_seconds: int = 0  # 0: once
    comfort_prompts: tuple[str, ...] = ()  # one after another
    comfort_every_seconds: int = 30
    agent_announcement: str = "off"  # number: the caller hears the agent's number first
    whisper: str = ""  # the prompt that names the queue to the agent
    # when the caller has waited enough; 0 or empty: never. Targets are those of `cti.overflow`
    max_wait_seconds: int = 0
    max_wait_target: str = ""
    max_length: int = 0
    max_length_target: str = ""
    no_agents: str = "off"  # signed_in, ready: when nobody is
    no_agents_target: str = ""
    # whom they get, and when
    age_seconds_per_priority: int = 0  # so much waiting is worth one of priority; 0: priority always goes first
    relax_after_seconds: int = 0  # after each of these spans the needed levels sink; 0: never
    relax_levels: int = 1
    sticky_days: int = 30
    sticky_seconds: int = 20  # how long a caller waits for the agent of last time
    sticky_base: str = "longest_idle"
    service_level_seconds: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """Who an agent is; what they are doing is in `AgentRecord`. `devices`: desk phone first, then browser."""

    agent_no: AgentNo
    name: str
    devices: tuple[DeviceName, ...] = ()
    queues: tuple[QueueName, ...] = ()
    skills: Mapping[str, int] = field(default_factory=dict)  # skill -> level, 1 to 10


@dataclass(slots=True, kw_only=True)
class AgentRecord:
    """What of an agent's state must outlive a restart of the server."""

    agent_no: AgentNo
    status: str = "logged_out"
    reason: str | None = None
    status_since: Instant = Instant(0)
    pending_status: str | None = None
    pending_reason: str | None = None
    device: DeviceName | None = None  # chosen at sign-in; None: the desk phone if it is there, else the browser
    idle_since: Instant = Instant(0)  # end of the last call; before any call, the sign-in
    acw_began: Instant | None = None
    acw_until: Instant | None = None
    desktop: bool = False  # has had a desktop open since signing in, so losing it means something


@dataclass(slots=True, kw_only=True)
class Figures:
    """What one agent did in one queue in the running window; what the strategies look at."""

    queue: QueueName
    agent_no: AgentNo
    window_start: Instant
    calls: int = 0  # answered
    talk_ms: int = 0  # talk and hold of ended calls
    offers: int = 0  # answered, let ring or rejected; cancelled and failed ones are nobody's doing
    answer_ms: int = 0  # offer to answer; an unanswered offer counts as the full ring time
    signed_in: bool = False  # has signed in within this window
