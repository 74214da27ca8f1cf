"""What the board works on and the store keeps: calls, legs, segments, offers, agents, queues, figures. Data alone.

Every instant is in whole milliseconds since 1970 UTC; fields that end in `_ms` are durations in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, OfferId, QueueName, TenantId


class State(StrEnum):
    IVR = "ivr"
    DIALLING = "dialling"  # an outbound call: a phone of ours rings, then the customer's
    WAITING = "waiting"
    OFFERED = "offered"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    FALLBACK = "fallback"
    SURVEY = "survey"
    ENDED = "ended"


CALLBACK = "callback"
"""The direction of a call that somebody asked for while waiting."""


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
    NOT_REACHED = "not_reached"  # an outbound call that nobody took; the cause says on which side, and why


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
    CONSULTING = "consulting"  # asked by a colleague who has the customer on hold
    SURVEY = "survey"
    VOICEMAIL = "voicemail"


TALK: Final = (SegmentKind.TALKING, SegmentKind.HELD)
ASIDE: Final = ("consult", "conference")
"""Strategies of offers made beside the call; when such an agent takes it over, the offer becomes the call's."""


@dataclass(slots=True)
class Leg:
    """One channel of a call (CSTA: connection)."""

    id: LegId
    channel: str
    kind: str  # "customer" | "agent" | "party" (somebody of the outside world) | "supervisor"
    started_at: Instant
    device: DeviceName | None = None
    agent_no: AgentNo | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    cause: int | None = None
    place: str = ""  # where the server has put it: room, aside (a second room), hold, alone, asking; empty: in a Dial
    muted: bool = False

    @property
    def address(self) -> str:
        """What Asterisk finds it by: its name, or the id it was invited under."""
        return self.channel or self.id


@dataclass(slots=True)
class Segment:
    """One slice of a call for accounting; those of one agent follow each other without overlap, and while only one
    agent at a time is in the call, so do all."""

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
class Consult:
    """An agent asks somebody, the customer on hold 咨询. `aside`: the one asked waits, and the customer is heard."""

    by: AgentNo
    target: str  # agent:1002, number:+86...
    began_at: Instant
    device: DeviceName
    agent_no: AgentNo | None = None
    leg: LegId | None = None
    answered_at: Instant | None = None
    aside: bool = False


@dataclass(slots=True)
class Watch:
    """Somebody supervises a call. `mode`: listen, whisper, barge or intercept; `of` is the leg that is heard; `follow`:
    whether it goes on with the `customer` when that leg's agent has left the call, or ends with the `agent`'s part."""

    by: AgentNo
    mode: str
    leg: LegId
    of: LegId
    began_at: Instant
    answered_at: Instant | None = None
    follow: str = "customer"


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
    sent: list[str] = field(default_factory=list)  # the targets to which rules of queues have sent the caller
    patience: int = 0  # seconds that a flow lets the caller wait for an agent of their own; 0: as usual


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


@dataclass(slots=True)
class Said:
    """What a call came to, as one agent says 小结. `said_by`: who said it in that agent's place; empty: nobody did."""

    agent_no: AgentNo
    code: str
    note: str
    said_at: Instant
    said_by: str = ""


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
    told_as: tuple[object, ...] = field(default=(), compare=False)  # how it stood in the last news of it
    legs: list[Leg] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    journey: Journey = field(default_factory=Journey)
    skills: dict[str, int] = field(default_factory=dict)  # what an agent needs to take it: skill -> level
    sent_to: str = ""  # where a rule of the queue has sent the caller
    consult: Consult | None = None
    watches: list[Watch] = field(default_factory=list)
    recording: Recording | None = None
    dispositions: list[Said] = field(default_factory=list)  # one of each agent who has said something

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

    def arrived_in(self, queue: QueueName) -> Instant | None:
        """When the caller first stood in this queue, since somebody had them last; None when they have not."""
        found: Instant | None = None
        for segment in reversed(self.segments):
            if segment.kind in TALK:
                break
            if segment.kind is SegmentKind.WAITING and segment.queue == queue:
                found = segment.started_at
        return found

    @property
    def waited_in(self) -> set[QueueName]:
        """The queues of the wait that is on."""
        return {segment.queue for segment in self.waits if segment.queue is not None}

    @property
    def customer(self) -> Leg:
        """The customer's own leg; of an outbound call whose customer is not being rung yet, the first."""
        for one in self.legs:
            if one.kind == "customer":
                return one
        return self.legs[0]

    @property
    def nobody_there(self) -> bool:
        """A callback before its customer has answered: it waits in a queue, and nobody is on the line."""
        return self.direction == CALLBACK and self.answered_at is None

    @property
    def offer(self) -> Offer | None:
        """The offer under way, or the accepted one while the agent is in the call; not that of one asked aside."""
        for one in reversed(self.offers):
            if one.strategy not in ASIDE:
                return one if one.result in (None, OfferResult.ACCEPTED) else None
        return None

    @property
    def agent_no(self) -> AgentNo | None:
        """Whose call it is: the agent it is being offered to, who has it, or who had it last."""
        return self.offer.agent_no if self.offer is not None else None

    @property
    def concerned(self) -> frozenset[AgentNo]:
        """Whom its news are for, to the end: everybody it was offered to, and whoever has supervised it."""
        found = set()
        for offer in self.offers:
            found.add(offer.agent_no)
        for leg in self.legs:
            if leg.kind == "supervisor" and leg.agent_no is not None:
                found.add(leg.agent_no)
        return frozenset(found)

    def rank(self, priority: int) -> None:
        """Somebody gives the caller a priority; the larger one counts, and 0 says nothing."""
        if priority:
            self.priority = max(self.priority, priority) if self.priority > 0 else priority

    def leg(self, leg: LegId) -> Leg | None:
        return next((one for one in self.legs if one.id == leg), None)

    def live(self, *kinds: str) -> list[Leg]:
        """The legs that are up or on their way, of these kinds or of all."""
        return [one for one in self.legs if one.ended_at is None and (not kinds or one.kind in kinds)]

    def agent_leg(self, agent: AgentNo) -> Leg | None:
        """The live leg of this agent, if there is one."""
        return next((one for one in self.legs if one.agent_no == agent and one.ended_at is None), None)

    def part_queue(self, agent: AgentNo) -> QueueName:
        """The queue in which this agent had the call last; the call may be in another one by now."""
        mine = next((one for one in reversed(self.segments) if one.agent_no == agent), None)
        return self.queue if mine is None or mine.queue is None else mine.queue

    def had(self, agent: AgentNo) -> bool:
        """Whether this agent has talked in the call; on the way out, whether they were on the line for it."""
        talked = (SegmentKind.TALKING, SegmentKind.HELD, SegmentKind.CONSULTING)
        return any(one.agent_no == agent and one.kind in talked for one in self.segments) or any(
            one.agent_no == agent and one.kind == "agent" and one.answered_at is not None for one in self.legs
        )

    def said(self, agent: AgentNo) -> Said | None:
        """What this agent says the call came to."""
        return next((one for one in self.dispositions if one.agent_no == agent), None)

    def enter(self, kind: SegmentKind, at: Instant, agent: AgentNo | None = None) -> None:
        """Close whatever runs and open the next segment at the same instant."""
        self.close_segment(at)
        self.segments.append(Segment(kind=kind, started_at=at, agent_no=agent, queue=self.queue))

    def enter_beside(self, kind: SegmentKind, at: Instant, agent: AgentNo) -> None:
        """The same for one agent alone; what runs for others goes on."""
        self.close_of(agent, at)
        self.segments.append(Segment(kind=kind, started_at=at, agent_no=agent, queue=self.queue))

    def close_segment(self, at: Instant) -> None:
        for one in self.segments:
            if one.ended_at is None:
                one.ended_at = max(at, one.started_at)

    def close_of(self, agent: AgentNo, at: Instant) -> None:
        for one in self.segments:
            if one.ended_at is None and one.agent_no == agent:
                one.ended_at = max(at, one.started_at)

    def talked(self, agent: AgentNo | None = None, now: Instant | None = None) -> int:
        """Milliseconds talked and held, by this agent or by anybody; a running segment counts up to `now`."""
        total, until = 0, Instant(0)
        for one in sorted(self.segments, key=lambda s: s.started_at):
            if one.kind in TALK and agent in (None, one.agent_no):
                ends = one.ended_at or now or one.started_at
                total += max(ends - max(one.started_at, until), 0)  # what two agents share counts once
                until = max(until, ends)
        return total


# --- people and queues ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def limited(self) -> bool:
        """Whether a rule may take callers out of this queue."""
        return bool(self.max_wait_seconds or self.max_length) or self.no_agents != "off"

    @property
    def talkative(self) -> bool:
        """Whether its callers hear more than music."""
        return self.announce_position or self.announce_ewt or bool(self.comfort_prompts)

    @property
    def attends(self) -> bool:
        """Whether anything but an agent may become of those who wait here; a bare queue answers no."""
        return self.limited or self.talkative or self.strategy in ("skills", "sticky")

    # what follows a talk
    survey: str = ""  # the flow that asks the caller when the agent has hung up
    disposition_required: bool = False  # after-call work ends when the agent has said what the call came to


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """Who an agent is; what they are doing is in `AgentRecord`. `devices`: desk phone first, then browser."""

    agent_no: AgentNo
    name: str
    devices: tuple[DeviceName, ...] = ()
    queues: tuple[QueueName, ...] = ()
    skills: Mapping[str, int] = field(default_factory=dict)  # skill -> level, 1 to 10
    sees_numbers: bool = True  # what this agent's phone may show of a caller; the role's word


@dataclass(slots=True, kw_only=True)
class AgentRecord:
    """What of an agent's state must outlive a restart of the server."""

    agent_no: AgentNo
    status: str = "logged_out"
    reason: str | None = None
    status_since: Instant = Instant(0)
    pending_status: str | None = None
    pending_reason: str | None = None
    pending_forced: bool = False  # it is a supervisor's word
    device: DeviceName | None = None  # chosen at sign-in; None: the desk phone if it is there, else the browser
    idle_since: Instant = Instant(0)  # end of the last call; before any call, the sign-in
    acw_began: Instant | None = None
    acw_until: Instant | None = None
    desktop: bool = False  # has had a desktop open since signing in, so losing it means something
    over_limit: bool = False  # has been not ready for longer than the reason allows, and that has been told
    due_call: CallId | None = None  # after-call work waits for what this call came to
    due_queue: QueueName | None = None  # ... because this queue wants to know


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


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the callers of one queue in the running window. `in_time`: within its `service_level_seconds`."""

    queue: QueueName
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0

    @property
    def service_level(self) -> float | None:
        """Answered in time, of all who were answered or gave up; None before there was anybody."""
        callers = self.answered + self.abandoned
        return round(self.in_time / callers, 4) if callers else None
