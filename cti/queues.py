"""A queue: who waits in it, in what order, and which of its agents could take a call now.

Callers leave by priority, then by time of arrival; a caller handed back after an unanswered offer keeps both.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from cti.agents import Agent
from cti.ids import AgentNo, CallId, Instant, QueueName
from cti.records import Call, Figures, QueueSettings
from cti.routing import Choice, Pool, Strategy, strategies

Place: TypeAlias = tuple[int, Instant, CallId]

WINDOWS = ("day", "week", "month")


def place(call: Call) -> Place:
    return (-call.priority, call.queued_at, call.id)


def window_bounds(window: str, at: Instant, zone: ZoneInfo) -> tuple[Instant, Instant]:
    """Start and end of the counting window that `at` falls in, in the tenant's local time."""
    start = datetime.fromtimestamp(at / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if window == "week":
        start -= timedelta(days=start.weekday())
        end = start + timedelta(days=7)
    elif window == "month":
        start = start.replace(day=1)
        end = (start + timedelta(days=32)).replace(day=1)
    else:
        end = start + timedelta(days=1)
    return Instant(round(start.timestamp() * 1000)), Instant(round(end.timestamp() * 1000))


@dataclass(slots=True)
class Queue:
    settings: QueueSettings
    members: set[AgentNo] = field(default_factory=set)
    waiting: dict[CallId, Call] = field(default_factory=dict)  # offered ones too, until somebody answers
    line: list[Place] = field(default_factory=list)  # those to whom nobody is being offered
    barred: dict[CallId, set[AgentNo]] = field(default_factory=dict)  # who must not ring again for this call
    figures: dict[AgentNo, Figures] = field(default_factory=dict)
    pool: Pool = field(default_factory=Pool)
    window_start: Instant = Instant(0)

    @property
    def name(self) -> QueueName:
        return self.settings.name

    @property
    def strategy(self) -> Strategy:
        return strategies[self.settings.strategy]

    # --- callers ---

    def join(self, call: Call) -> None:
        self.waiting[call.id] = call
        insort(self.line, place(call))

    def take_from_line(self, call: Call) -> None:
        """The caller is being offered to somebody; the place is kept."""
        spot = place(call)
        at = bisect_left(self.line, spot)
        if at < len(self.line) and self.line[at] == spot:
            del self.line[at]

    def hand_back(self, call: Call) -> None:
        insort(self.line, place(call))

    def leave(self, call: Call) -> None:
        self.take_from_line(call)
        self.waiting.pop(call.id, None)
        self.barred.pop(call.id, None)

    def bar(self, call: CallId, agent: AgentNo) -> None:
        self.barred.setdefault(call, set()).add(agent)

    def position(self, call: Call) -> int:
        """1 for who leaves next; callers being offered keep theirs."""
        mine = place(call)
        unoffered = bisect_left(self.line, mine)
        if len(self.line) == len(self.waiting):
            return unoffered + 1
        in_line = {key[2] for key in self.line}
        return 1 + unoffered + sum(place(c) < mine for c in self.waiting.values() if c.id not in in_line)

    def in_order(self, most: int | None = None) -> list[Call]:
        """Callers as they will leave, those being offered among them; at most `most`."""
        if most is None or len(self.waiting) <= most:
            return sorted(self.waiting.values(), key=place)
        unoffered = {key[2] for key in self.line}
        offered = [place(call) for call in self.waiting.values() if call.id not in unoffered]
        return [self.waiting[key[2]] for key in sorted(offered + self.line[:most])[:most]]

    # --- agents ---

    def figures_of(self, agent: AgentNo) -> Figures:
        found = self.figures.get(agent)
        if found is None:
            found = Figures(queue=self.name, agent_no=agent, window_start=self.window_start)
            self.figures[agent] = found
        return found

    def rank(self, agent: Agent) -> bool:
        """Put an agent where they belong in the pool, or take them out; True when they have just come in."""
        if agent.no in self.members and agent.routable:
            new = agent.no not in self.pool.keys
            self.pool.put(agent.no, self.strategy.key(agent, self.figures_of(agent.no)))
            return new
        self.pool.drop(agent.no)
        return False

    def choose(self, call: CallId) -> Choice | None:
        """Ask the strategy who should be offered this caller; None when nobody may be."""
        picked = self.strategy.pick(self.pool, self.barred.get(call, ()))
        if picked is None:
            return None
        key, agent = picked
        return Choice(agent, self.strategy.why(key, self.pool))

    def count_offer(self, agent: AgentNo, answer_ms: int) -> None:
        figures = self.figures_of(agent)
        figures.offers += 1
        figures.answer_ms += answer_ms
        self.pool.offers += 1
        self.pool.answer_ms += answer_ms

    def recount(self, signed_in: int) -> None:
        """Make the queue's sums anew from the figures of its agents."""
        self.pool.offers = sum(f.offers for f in self.figures.values())
        self.pool.answer_ms = sum(f.answer_ms for f in self.figures.values())
        self.pool.signed_in = signed_in
