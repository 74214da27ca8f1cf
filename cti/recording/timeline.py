"""What of a recorded file is kept, and what happened when in it. Pure: a call's record in, times within the file out.

The file begins while the caller still hears music, and it goes on through pauses, holds and transfers, so that one
timeline holds for all of it. Kept is what follows the answer; where recording was paused there is silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cti.ids import AgentNo, Instant
from cti.recording.policy import ON_DEMAND
from cti.records import Call, SegmentKind

SLACK_MS: Final = 2_000
"""By how much a file may be shorter than the time it covers before something is said to be missing."""
SHORTEST_MS: Final = 100

_TALK: Final = (SegmentKind.TALKING, SegmentKind.HELD)


@dataclass(frozen=True, slots=True)
class Marker:
    """From when to when, in milliseconds of the kept sound. `kind` is a segment's, or `paused` or `off`."""

    kind: str
    begins: int
    ends: int
    agent_no: AgentNo | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """What to take out of a file: all times in milliseconds, `silent` ones within the file."""

    begins: int
    ends: int
    silent: tuple[tuple[int, int], ...]
    markers: tuple[Marker, ...]
    began_at: Instant
    truncated: bool

    @property
    def length(self) -> int:
        return self.ends - self.begins


def cut(call: Call, began_at: Instant, length: int) -> Cut | None:
    """What to keep of a file of `length` ms that began then; None when nobody was to be recorded in it.

    A call without a word about its recording was recorded while the server was away: all of its talk is kept.
    """
    file_ends = min(began_at + length, _talk_ends(call))
    first = _first_on(call, began_at)
    if call.answered_at is None or call.ended_at is None or first is None:
        return None
    begins = max(call.answered_at, first, began_at)
    if file_ends - begins < SHORTEST_MS:
        return None
    muted = [(kind, max(start, begins), min(end, file_ends)) for kind, start, end in _muted(call, file_ends)]
    muted = [(kind, start, end) for kind, start, end in muted if start < end]
    markers = [
        *_segments(call, begins, file_ends),
        *(Marker(kind, start - begins, end - begins) for kind, start, end in muted),
    ]
    return Cut(
        begins=begins - began_at,
        ends=file_ends - began_at,
        silent=tuple((start - began_at, end - began_at) for _, start, end in muted),
        markers=tuple(sorted(markers, key=lambda one: (one.begins, one.ends))),
        began_at=Instant(begins),
        truncated=min(call.ended_at, _talk_ends(call)) - began_at - length > SLACK_MS,
    )


def _talk_ends(call: Call) -> Instant:
    """When the last agent left; what follows is a survey or music."""
    ends = [one.ended_at for one in call.segments if one.kind in _TALK and one.ended_at is not None]
    return max(ends, default=call.ended_at or Instant(1 << 62))


def _first_on(call: Call, began_at: Instant) -> Instant | None:
    """When somebody was first to be recorded."""
    recording = call.recording
    if recording is None or (recording.mode != ON_DEMAND and not recording.marks):
        return began_at
    return next((mark.at for mark in recording.marks if mark.state == "on"), None)


def _muted(call: Call, file_ends: int) -> Iterator[tuple[str, int, int]]:
    marks = [] if call.recording is None else call.recording.marks
    ends: Sequence[int] = [mark.at for mark in marks[1:]] + [file_ends]
    for mark, end in zip(marks, ends, strict=False):
        if mark.state != "on":
            yield ("paused" if mark.state == "paused" else "off"), mark.at, end


def _segments(call: Call, begins: int, file_ends: int) -> Iterator[Marker]:
    for one in call.segments:
        start, end = max(one.started_at, begins), min(one.ended_at or file_ends, file_ends)
        if start < end:
            yield Marker(one.kind.value, start - begins, end - begins, one.agent_no if one.kind in _TALK else None)
