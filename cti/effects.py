"""What we want done. Frozen, imperative; adapters carry them out, and what came of it comes back as an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Recall(Effect):
    """Bring the caller back to the waiting room, music and all; whatever rings stops ringing."""

    call: CallId
    channel: str


@dataclass(frozen=True, slots=True)
class HangUp(Effect):
    call: CallId
    channel: str


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
