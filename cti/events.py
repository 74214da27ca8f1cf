"""What has happened: to Asterisk, to people, to clocks, and to our own decisions. Frozen, past tense, no behaviour.

Every instant is in whole milliseconds since 1970 UTC. Facts come from outside and are journaled, so that a replay
of them gives the same board; decisions follow from facts and are folded in the same turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cti.dispositions import Disposition
from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, OfferId, QueueName
from cti.reasons import Reason
from cti.recording.policy import RecordingRules
from cti.records import AgentProfile, AgentRecord, Call, Figures, QueueSettings, Tally
from cti.trunks import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: Instant


# --- facts: our own life ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """The server begins with what the store remembers; first fact of every run, so a run can be replayed alone."""

    timezone: str
    queues: tuple[QueueSettings, ...] = ()
    agents: tuple[AgentProfile, ...] = ()
    records: tuple[AgentRecord, ...] = ()
    figures: tuple[Figures, ...] = ()
    calls: tuple[Call, ...] = ()
    tallies: tuple[Tally, ...] = ()
    calls_today: Mapping[AgentNo, int] | None = None  # in how many calls each agent has talked since local midnight
    talks: Mapping[str, tuple[AgentNo, Instant]] | None = None  # who spoke with a number last, oldest first
    vips: Mapping[str, int] | None = None
    pop_url: str = ""
    tell_supervision: bool = False
    reasons: tuple[Reason, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    trunks: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryChanged(Event):
    """Somebody edited agents, queues, lists or trunks; the whole directory as it is now."""

    queues: tuple[QueueSettings, ...] = ()
    agents: tuple[AgentProfile, ...] = ()
    vips: Mapping[str, int] | None = None
    pop_url: str = ""
    tell_supervision: bool = False
    reasons: tuple[Reason, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    trunks: tuple[Line, ...] = ()


# --- facts: Asterisk -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLost(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerWaiting(Event):
    """A caller stands in the waiting room; the dialplan's own announcement."""

    call: CallId
    leg: LegId
    channel: str
    linkedid: str
    queue: QueueName
    number: str
    name: str
    dialled: str
    since: Instant
    priority: int
    screened: bool
    skills: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEntered(Event):
    """A caller is let in and heard by a flow, or is about to be refused; `rules` say why, as sentences.

    `ends_as` is the call's result should the caller leave at once: of one on the deny list, `denied`.
    """

    call: CallId
    leg: LegId
    channel: str
    linkedid: str
    number: str
    name: str
    dialled: str
    since: Instant
    rules: tuple[str, ...] = ()
    vip: bool = False
    priority: int = 0
    ends_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStepped(Event):
    """A caller has gone through one node of a flow; `digits` are those that may be shown."""

    call: CallId
    flow: str
    version: int
    node: str
    kind: str
    exit: str
    digits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEnded(Event):
    """A flow is done with a caller. `ends_as` is the call's result should the caller be sent off now;
    `data` is what was collected and goes along to the agent."""

    call: CallId
    outcome: str
    ends_as: str = ""
    language: str = ""
    data: Mapping[str, str]
    skills: Mapping[str, int] = field(default_factory=dict)
    priority: int = 0
    seconds: int = 0
    """How long an agent is waited for to whom the flow has sent the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailBegan(Event):
    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailLeft(Event):
    """A message is on record; the caller may be long gone."""

    call: CallId
    message: str
    box: str
    number: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailChanged(Event):
    """A message has been given to an agent, or is done."""

    call: CallId
    message: str
    box: str
    number: str
    seconds: float
    state: str
    agent: AgentNo | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAsked(Event):
    """Somebody wants to be called back. `source` is the call they asked in, `since` when that one joined the queue."""

    call: CallId
    source: CallId
    queue: QueueName
    number: str
    name: str
    since: Instant
    priority: int = 0
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackCancelAsked(Event):
    call: CallId
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyDue(Event):
    """The agent has hung up, and the caller is at the door of the survey."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered(Event):
    """`score` is 1 satisfied, 2 average, 3 dissatisfied, for the question that decides; others leave it None."""

    call: CallId
    question: str
    answer: str
    score: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyEnded(Event):
    """`result`: answered, refused, silent or left."""

    call: CallId
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegDialled(Event):
    """A caller's leg began to ring another one."""

    leg: LegId
    dialled: LegId
    channel: str
    device: DeviceName
    n: int = 0  # for which offer of the call; 0: for none, or nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRinging(Event):
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered(Event):
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegJoined(Event):
    leg: LegId
    bridge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegHeld(Event):
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRetrieved(Event):
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded(Event):
    """`cause` is the Q.850 hang-up cause that Asterisk gives."""

    leg: LegId
    cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEnded(Event):
    """The dialplan came back from ringing an agent without an answer. `status` is DIALSTATUS, `cause` is Q.850."""

    call: CallId
    n: int
    status: str
    cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackSeen(Event):
    """The waiting room gave up on us and sent the caller to the configured fallback."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Event):
    """`state` is Asterisk's: NOT_INUSE, INUSE, BUSY, RINGING, RINGINUSE, ONHOLD, UNAVAILABLE, INVALID or UNKNOWN."""

    device: DeviceName
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSeen:
    """One channel of a snapshot, with our own channel variables."""

    leg: LegId
    channel: str
    linkedid: str
    place: str  # dialplan context
    state: str  # Asterisk's ChannelStateDesc: Up, Ringing, Ring, Down
    bridge: str
    device: DeviceName | None
    number: str
    name: str
    seconds: int
    call: CallId | None = None
    queue: QueueName | None = None
    since: Instant | None = None
    priority: int = 0
    dialled: str = ""
    offer_n: int = 0
    offer_device: DeviceName | None = None
    screened: bool = False
    recording: str = ""
    spot: str = ""  # which room, and whether it keeps it open: m_…, u_…; whom it hears, and how: listen_…, whisper_…


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWords:
    """What a call's hang-up handler left behind for a server that was away. Instants and seconds are Asterisk's."""

    call: CallId
    queue: QueueName
    since: Instant
    ended_at: Instant
    talked: int  # milliseconds after the answer; 0 when nobody answered
    device: DeviceName | None  # the phone that was rung last
    cause: int
    number: str
    dialled: str
    fell_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken(Event):
    """What is up in Asterisk right now; the board is corrected from it."""

    legs: tuple[LegSeen, ...]
    devices: Mapping[DeviceName, str]
    last_words: tuple[LastWords, ...] = ()
    dialled: frozenset[CallId] = frozenset()  # callbacks whose customer's phone has been rung
    booted_at: Instant = Instant(0)  # when this Asterisk began; what it does not remember of since then was not done


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed(Event):
    """The order to ring an agent was refused by Asterisk, or its outcome is not known."""

    call: CallId
    n: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOnFailed(Event):
    """The order to take a caller elsewhere was refused by Asterisk, or its outcome is not known."""

    call: CallId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReturned(Event):
    """A caller who was sent on stands in the waiting room again: nobody there took them."""

    call: CallId


# --- facts: people -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAsked(Event):
    """`status` is ready, not_ready or logged_out. `forced`: by a supervisor; waits for the end of the call."""

    agent: AgentNo
    status: str
    reason: str | None = None
    device: DeviceName | None = None
    by: str = ""
    forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcwFinishAsked(Event):
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionAsked(Event):
    """What a call came to, for this agent's part in it. `by`: somebody else who says it in the agent's place.

    `record` is the call as the store remembers it, when it is so long over that the board does not.
    """

    agent: AgentNo
    call: CallId
    disposition: str
    note: str = ""
    by: str = ""
    record: Call | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpAsked(Event):
    """An agent hangs up their own leg of a call."""

    agent: AgentNo
    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class PopShown(Event):
    """The receipt of a screen pop."""

    agent: AgentNo
    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class DesktopOpened(Event):
    """An agent has a live connection again."""

    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class DesktopClosed(Event):
    """An agent's last connection is gone."""

    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFound(Event):
    """History of a caller arrived from the store, after the pop was sent."""

    offer: OfferId
    call: CallId
    contacts: tuple[Mapping[str, object], ...]


# --- facts: recordings ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRulesChanged(Event):
    """What the tenant wants recorded, as it is now."""

    rules: RecordingRules


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRoomChanged(Event):
    """There is no room for new recordings, as `trouble` says, or there is again."""

    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingBegan(Event):
    """Asterisk writes a file of this name, or goes on with it. `found`: it had begun before we looked."""

    call: CallId
    name: str
    side: str = "customer"
    found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingMuted(Event):
    """Asterisk's answer to an order: the recording is in this state now, or there is trouble and it is not."""

    call: CallId
    state: str
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAsked(Event):
    """`action` is start, stop, pause or resume; who may ask is decided at the desk."""

    call: CallId
    action: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingKept(Event):
    """A recording has been put where it can be heard."""

    call: CallId
    recording: str
    seconds: float


# --- facts: clocks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferOverdue(Event):
    """An offer should long have ended by itself: the dialplan's answer got lost."""

    call: CallId
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcwExpired(Event):
    agent: AgentNo
    began: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonExpired(Event):
    """The time that a reason allows may be over for this agent."""

    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceExpired(Event):
    """The time an agent may be without a desktop is over."""

    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowTurned(Event):
    """A queue's counting window ended; figures start anew."""

    queue: QueueName
    starts: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTurned(Event):
    """It is midnight where the tenant is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitExpired(Event):
    """The longest wait of a queue is over for this caller, who joined it at `joined`."""

    call: CallId
    joined: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementDue(Event):
    """`what` is position or comfort; `n` counts from 0 since the caller joined the queue at `joined`."""

    call: CallId
    what: str
    n: int
    joined: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceWidened(Event):
    """From now on more agents may take this waiting caller: a need has sunk, or a preference has run out."""

    call: CallId


# --- decisions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChosen(Event):
    """Routing has decided; from this moment the agent is spoken for."""

    call: CallId
    agent: AgentNo
    device: DeviceName
    strategy: str
    reason: str
    adopted: bool = False  # found under way in Asterisk, so there is nothing left to order


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRinging(Event):
    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAnswered(Event):
    call: CallId
    agent: AgentNo
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded(Event):
    """An offer came to nothing; `result` is rejected, no_answer, failed or cancelled."""

    call: CallId
    agent: AgentNo
    result: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(Event):
    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRetrieved(Event):
    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLeft(Event):
    """One agent's part in a call has ended."""

    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTurn(Event):
    """Routing has chosen who calls back; from this moment the agent is spoken for."""

    call: CallId
    agent: AgentNo
    device: DeviceName
    strategy: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReturned(Event):
    """The agent did not answer, and nobody has dialled the customer: the callback waits on."""

    call: CallId
    result: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyBegan(Event):
    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackTaken(Event):
    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Event):
    call: CallId
    result: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(Event):
    """What an agent declares has changed; `why` names who or what did it."""

    agent: AgentNo
    status: str
    reason: str | None
    device: DeviceName | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPended(Event):
    """A status asked for in a call waits for its end; None: nothing waits any more."""

    agent: AgentNo
    status: str | None
    reason: str | None = None
    forced: bool = False  # by a supervisor: the agent cannot take it back


@dataclass(frozen=True, slots=True, kw_only=True)
class AcwResumed(Event):
    """What an agent had begun in after-call work came to no talk; after-call work goes on, its timer never stopped."""

    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class AcwEnded(Event):
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonOverstayed(Event):
    """An agent has been not ready for as long as the reason allows."""

    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonExtended(Event):
    """The limit an agent had overstayed is further off now, or gone."""

    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionSaid(Event):
    """`record` as in `DispositionAsked`."""

    agent: AgentNo
    call: CallId
    disposition: str
    note: str
    by: str
    record: Call | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionWaived(Event):
    """An agent's after-call work no longer waits for what the call came to; `why` is a sentence."""

    agent: AgentNo
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOverflowed(Event):
    """A rule of the queue moves the caller to another one; they keep their time of arrival. `why` is a sentence."""

    call: CallId
    queue: QueueName
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSentOn(Event):
    """A rule of the queue sends the caller elsewhere: `target` as in `cti.overflow`. `why` is a sentence."""

    call: CallId
    target: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(Event):
    """A waiting caller is told something. `what`: position or comfort; `ewt` in milliseconds if it is said."""

    call: CallId
    what: str
    prompts: tuple[str, ...]
    position: int | None = None
    ewt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingDecided(Event):
    """A call is to be recorded, or `refused` says why it cannot be."""

    call: CallId
    mode: str
    reason: str
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingWanted(Event):
    """A recording is to be in this state; `by` names who or what wants it."""

    call: CallId
    state: str
    by: str
