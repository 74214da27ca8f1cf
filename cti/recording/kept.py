"""A recording that can be heard, and which ones somebody asks for. Data alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cti.ids import AgentNo, CallId, Instant, TenantId
from cti.shapes import Shape, seconds, stamp

KEPT: Final = "kept"
LEAVING: Final = "leaving"  # nobody hears it any more; its sound is still to be removed
GONE: Final = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What the finisher has made of one file: where it is, how long, and what its bytes add up to."""

    tenant: TenantId
    call: CallId
    name: str
    place: str
    began_at: Instant
    length_ms: int
    bytes: int
    sha256: str
    mode: str
    reason: str
    truncated: bool
    markers: Sequence[Mapping[str, Any]]
    kept_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A sound under its public id, with what its call says."""

    id: str
    sound: Sound
    state: str = KEPT
    number: str = ""
    caller: str = ""
    dialled: str = ""
    queue: str = ""
    direction: str = ""
    result: str | None = None
    disposition: str = ""
    agents: Sequence[AgentNo] = ()
    """Who talked in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`since` is included, `until` not. `agents`: None for everybody's, else only calls in which one of them talked."""

    agents: Collection[AgentNo] | None = None
    agent_no: str | None = None
    number: str | None = None
    queue: str | None = None
    call: str | None = None
    disposition: str | None = None
    mode: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    search: str = ""


def kept_shape(kept: Kept) -> Shape:
    sound = kept.sound
    return {
        "id": kept.id,
        "call": sound.call,
        "number": kept.number,
        "name": kept.caller,
        "dialled": kept.dialled,
        "direction": kept.direction,
        "queue": kept.queue,
        "agents": list(kept.agents),
        "disposition": kept.disposition or None,
        "began_at": stamp(sound.began_at),
        "seconds": seconds(sound.length_ms),
        "bytes": sound.bytes,
        "sha256": sound.sha256,
        "mode": sound.mode,
        "reason": sound.reason,
        "truncated": sound.truncated,
        "markers": list(sound.markers),
    }
