"""What we want done. Frozen, imperative; adapters carry them out, and what came of it comes back as an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cti.control.dialling import Diallable
from cti.events import Event
from cti.ids import AgentNo, CallId, DeviceName, Instant, OfferId, QueueName
from cti.records import AgentRecord, Call, Figures


@dataclass(frozen=True, slots=True)
class Effect:
    pass


@dataclass(frozen=True, slots=True)
class Deliver(Effect):
    """Take the caller out of the waiting room and ring this device for so many seconds."""

    call: CallId
    channel: str
    n: int
    agent: AgentNo
    device: DeviceName
    ring_seconds: int
    record: bool = False  # record it, from here on or further on
    announcement: str = ""  # what the caller hears before that
    say: tuple[str, ...] = ()  # prompts the caller hears before they are joined 播报工号
    whisper: tuple[str, ...] = ()  # prompts the agent hears then
    language: str = ""
    survey: str = ""  # the flow that asks the caller when the agent has hung up
    shown: tuple[str, str] | None = None  # number and name for a phone that may not show the caller's own
    queue: QueueName = QueueName("")  # where the caller waits if nobody answers; empty: where they wait now


@dataclass(frozen=True, slots=True)
class Announce(Effect):
    """Say these prompts to a waiting caller, then back to the music; an offer may cut it short."""

    call: CallId
    channel: str
    prompts: tuple[str, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class SendOn(Effect):
    """Take a caller who has left the queue to `number:x`, `agent:x`, `voicemail:x`, `flow:x` or `callback`.

    Whoever cannot says `SendOnFailed`; a dialplan that brings the caller back to the waiting room says `CallReturned`.
    """

    call: CallId
    channel: str
    target: str
    shown: str = ""  # the number that somebody outside sees; empty: the caller's own
    number: Diallable | None = None  # for `number:x`, as it has been allowed
    trunk: str = ""  # by which a number is called


@dataclass(frozen=True, slots=True)
class WaitIn(Effect):
    """The caller now waits in this queue: say so on the channel (CTI_QUEUE), and let its music begin."""

    call: CallId
    channel: str
    queue: QueueName


@dataclass(frozen=True, slots=True)
class SetMusic(Effect):
    """The music class that callers of this queue hear from now on; empty: the default one."""

    queue: QueueName
    music: str


@dataclass(frozen=True, slots=True)
class Recall(Effect):
    """Bring the caller back to the waiting room, music and all; whatever rings stops ringing."""

    call: CallId
    channel: str


@dataclass(frozen=True, slots=True)
class HangUp(Effect):
    """`released`: who has given the customer away. Not before the moves ordered for that call until now have been made,
    and not at all if one of them has not: the customer would be left with nobody."""

    call: CallId
    channel: str
    released: bool = False


@dataclass(frozen=True, slots=True)
class MuteRecording(Effect):
    """Have this recording `on`, or silent in any other state; the answer comes back as `RecordingMuted`."""

    call: CallId
    channel: str
    state: str


@dataclass(frozen=True, slots=True)
class News(Effect):
    """One published event. `agents` are those it concerns; `queue` is where it happened; `data` is what clients see."""

    type: str
    at: Instant
    data: Mapping[str, object]
    call: CallId | None = None
    agents: frozenset[AgentNo] = frozenset()
    queue: QueueName | None = None


@dataclass(frozen=True, slots=True)
class SaveCall(Effect):
    call: Call


@dataclass(frozen=True, slots=True)
class SaveAgent(Effect):
    record: AgentRecord


@dataclass(frozen=True, slots=True)
class SaveFigures(Effect):
    figures: Figures


@dataclass(frozen=True, slots=True)
class Later(Effect):
    """Post `event` at `at`, unless `Forget(key)` comes first; a new Later with the same key replaces the old one."""

    key: str
    at: Instant
    event: Event


@dataclass(frozen=True, slots=True)
class Forget(Effect):
    key: str


@dataclass(frozen=True, slots=True)
class LookUp(Effect):
    """Find what is known of a caller; the answer comes back as `ContactFound`."""

    call: CallId
    offer: OfferId
    number: str


@dataclass(frozen=True, slots=True)
class TakeSnapshot(Effect):
    """Ask Asterisk what is up; something here does not add up."""

    why: str
