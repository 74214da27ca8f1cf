"""How long a caller will wait: the pace at which a queue's line moves, and what that means for a place in it.

An agent frees a place once per handling time, so `serving` agents do so every `handling / serving`. The handling time
is what agents took for their last calls, together with what the line itself showed: the gap between two callers who
left it one after the other, times the agents then serving. The latter knows of agents shared with other queues and of
callers who give up; the former is there before anybody has waited. Pure.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from cti.ids import Instant

PRIOR_MS: Final = 180_000
PRIOR_WEIGHT: Final = 5
HANDLED_MOST: Final = 100
GAPS_MOST: Final = 20


@dataclass(slots=True)
class _Recent:
    """The last few of something, and their sum."""

    most: int
    values: deque[int] = field(default_factory=deque)
    sum: int = 0

    def add(self, value: int) -> None:
        self.values.append(value)
        self.sum += value
        if len(self.values) > self.most:
            self.sum -= self.values.popleft()


@dataclass(slots=True)
class Pace:
    handled: _Recent = field(default_factory=lambda: _Recent(HANDLED_MOST))
    gaps: _Recent = field(default_factory=lambda: _Recent(GAPS_MOST))
    moved_at: Instant | None = None  # when the line last moved, if somebody has been standing in it since

    def took(self, handling: int) -> None:
        """An agent was busy with a call for so many milliseconds, after-call work included."""
        self.handled.add(handling)

    def moved(self, at: Instant, serving: int, left: int) -> None:
        """Somebody left the line, for an agent or for good; `left` wait on."""
        if self.moved_at is not None and serving:
            self.gaps.add((at - self.moved_at) * serving)
        self.moved_at = at if left else None

    @property
    def handling(self) -> float:
        """Milliseconds an agent takes for a call."""
        own = (PRIOR_MS * PRIOR_WEIGHT + self.handled.sum) / (PRIOR_WEIGHT + len(self.handled.values))
        if not self.gaps.values:
            return own
        return (own * GAPS_MOST + self.gaps.sum) / (GAPS_MOST + len(self.gaps.values))

    def wait(self, position: int, serving: int) -> int | None:
        """Milliseconds until an agent is free for this place of the line; None when nobody serves the queue."""
        return round(position * self.handling / serving) if serving else None
