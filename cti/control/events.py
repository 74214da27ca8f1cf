"""Wishes about calls under way, what Asterisk says of the legs that were moved, and the decisions that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cti.events import Event
from cti.ids import AgentNo, CallId, DeviceName, LegId, QueueName

# --- wishes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish(Event):
    """Somebody, by their agent number, wants something done with a call."""

    agent: AgentNo
    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAsked(Wish):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked(Wish):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveAsked(Wish):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteAsked(Wish):
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsAsked(Wish):
    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayAsked(Wish):
    """`side`: both, customer or agent."""

    prompt: str
    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachAsked(Wish):
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAsked(Wish):
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAsked(Wish):
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultCompleteAsked(Wish):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAlternateAsked(Wish):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultCancelAsked(Wish):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceAsked(Wish):
    """Without `to`: whoever is being consulted joins."""

    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAsked(Wish):
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class PickUpAsked(Wish):
    """`anybody`: also a call of a queue that is not one's own."""

    anybody: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DialAsked(Event):
    """Click-to-call 双线外呼: ring the agent, then the other side. `call` is the id it will have."""

    agent: AgentNo
    call: CallId
    to: str
    caller_id: str = ""
    recording: str = ""  # always or on_demand: what this call itself asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class AcwExtendAsked(Event):
    agent: AgentNo
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchAsked(Wish):
    """`agent` is the supervisor. `mode`: listen, whisper, barge or intercept. `follow`: customer or agent, see `Watch`;
    empty: as before, and at first the customer."""

    mode: str
    follow: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStopAsked(Wish):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class DropAsked(Event):
    """`by` need not be an agent."""

    call: CallId
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequeueAsked(Event):
    """Take a waiting caller to the front, or to another queue."""

    call: CallId
    by: str
    queue: QueueName | None = None
    front: bool = False


# --- facts ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LegInvited(Event):
    """A phone is being called for a leg that we asked for."""

    leg: LegId
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegNotReached(Event):
    """A leg that we asked for did not come up. `why`: busy, no_answer, unreachable, refused."""

    leg: LegId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteFailed(Event):
    """Asterisk gave up on a leg that we asked for. If a phone rang, its own end is told besides, sooner or later, and
    says more. `again`: that has been waited for."""

    leg: LegId
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DialEnded(Event):
    """A leg that dialled another is alone again, after a talk or without. `status` is DIALSTATUS."""

    leg: LegId
    status: str
    cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFailed(Event):
    """Asterisk refused to move a leg, or its answer is lost. `hang_up`: what may be up still should not be."""

    call: CallId
    why: str
    hang_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDoubted(Event):
    """An order for this call came to nothing, and something of it is up. `again`: it has been looked at once."""

    call: CallId
    why: str
    hang_up: bool = False
    again: bool = False


# --- decisions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPlaced(Event):
    """A leg is on its way to another place."""

    call: CallId
    leg: LegId
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegDismissed(Event):
    """A phone that was to be called is not wanted any more, perhaps before it has begun to ring."""

    call: CallId
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegMuted(Event):
    call: CallId
    leg: LegId
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAttached(Event):
    call: CallId
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequeued(Event):
    """The caller is in this queue, with the time of arrival they had. `bars`: who shall not get them there;
    `passing`: they do not stay, somebody or something is chosen for them already."""

    call: CallId
    queue: QueueName
    passing: bool = False
    bars: AgentNo | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(Event):
    """An agent gives the call away. `how`: blind, consult, conference, intercept."""

    call: CallId
    agent: AgentNo
    to: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallForwarded(Event):
    """The customer is on the way to a number of the outside world, and no agent is with them."""

    call: CallId
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultBegan(Event):
    call: CallId
    agent: AgentNo
    target: str
    device: DeviceName
    colleague: AgentNo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAnswered(Event):
    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultSwapped(Event):
    """`aside`: the customer is heard now, and the one asked waits."""

    call: CallId
    agent: AgentNo
    aside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultEnded(Event):
    """The consultation came to nothing, or is over; the agent still has the customer on hold."""

    call: CallId
    agent: AgentNo
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultMerged(Event):
    """Everybody talks with everybody."""

    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHandedOver(Event):
    """The customer talks with whoever was asked; the agent who asked is leaving."""

    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyInvited(Event):
    """Somebody is called to join the talk: an agent, or a number of the outside world."""

    call: CallId
    leg: LegId
    by: AgentNo
    target: str
    device: DeviceName
    colleague: AgentNo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyJoined(Event):
    call: CallId
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueAsked(Event):
    """An agent's phone is being rung for somebody else's call; from this moment they are spoken for."""

    call: CallId
    agent: AgentNo
    device: DeviceName
    by: AgentNo
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueRang(Event):
    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueAnswered(Event):
    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueJoined(Event):
    """An agent who was asked talks with the customer."""

    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueReleased(Event):
    """An agent who was asked is no longer, and has not talked with the customer."""

    call: CallId
    agent: AgentNo
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlaced(Event):
    """An agent's phone is called, and then the other side."""

    call: CallId
    agent: AgentNo
    device: DeviceName
    leg: LegId
    number: str
    caller_id: str
    direction: str
    recording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerReached(Event):
    """The other side of an outbound call has answered."""

    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacingEnded(Event):
    """An outbound call ended before anybody talked, and the agent is free again."""

    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class AcwExtended(Event):
    agent: AgentNo
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchBegan(Event):
    """A supervisor's phone is being called."""

    call: CallId
    agent: AgentNo
    mode: str
    leg: LegId
    of: LegId
    device: DeviceName
    follow: str = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchAnswered(Event):
    call: CallId
    agent: AgentNo


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchChanged(Event):
    """Another mode, or another leg: supervision follows the call. Or it is to follow somebody else."""

    call: CallId
    agent: AgentNo
    mode: str
    of: LegId
    follow: str = ""  # empty: as before


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEnded(Event):
    call: CallId
    agent: AgentNo
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTaken(Event):
    """A supervisor has the customer now 拦截."""

    call: CallId
    agent: AgentNo
