"""A caller by script, on a clock that only the script moves: tries a flow with the very engine that serves calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cti.ids import Instant
from cti.ivr.flow import Flow
from cti.ivr.outcome import Caller, Outcome
from cti.ivr.ports import Ports


@dataclass(frozen=True, slots=True)
class Heard:
    """One line of a transcript: `kind` is played, pressed, silence, recorded, left, step or end."""

    at: Instant
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    lines: tuple[Heard, ...]
    outcome: Outcome


async def simulate(
    flow: Flow,
    caller: Caller,
    events: Sequence[str],
    ports: Ports,
    *,
    at: Instant | None = None,
    leaves: int | None = None,
) -> Transcript:
    """Walk a flow with a scripted caller.

    Each of `events` answers one question of the flow: digits, "" for silence, "hangup"; digits after a "!" are typed
    into the prompt before it. A caller whose script is over stays silent. `leaves`: hangs up at that thing on the line.
    """
    raise NotImplementedError
