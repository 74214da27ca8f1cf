"""A queue: who waits in it, in what order, and which of its agents could take a call now.

Callers leave by priority, then by time of arrival; a caller handed back after an unanswered offer keeps both. Where
waiting counts like priority, so many seconds of it are worth one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from cti.agents import Agent
from cti.ids import AgentNo, CallId, Instant, QueueName
from cti.records import Call, Figures, QueueSettings, Tally
from cti.routing import Asked, Choice, Pool, Strategy, Talks, strategies
from cti.waiting_time import Pace

Place: TypeAlias = tuple[int, Instant, CallId]
EPOCH: Final = Instant(0)
NO_TALKS: Final[Talks] = {}
Urgency: TypeAlias = tuple[float, Instant, CallId]

WINDOWS = ("day", "week", "month")


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
    present: set[AgentNo] = field(default_factory=set)  # members who are signed in
    serving: set[AgentNo] = field(default_factory=set)  # members whose status is ready, in a call or not
    pace: Pace = field(default_factory=Pace)
    spoken: dict[CallId, Instant] = field(default_factory=dict)  # when a caller last heard an announcement
    tally: Tally = field(init=False)
    had_music: bool = False  # of its own, before its settings changed

    def __post_init__(self) -> None:
        self.tally = Tally(queue=self.name)

    @property
    def name(self) -> QueueName:
        return self.settings.name

    @property
    def strategy(self) -> Strategy:
        return strategies[self.settings.strategy]

    @property
    def order(self) -> Strategy:
        """The strategy that orders the pool: its own, or the one that `sticky` falls back to."""
        return strategies[self.settings.sticky_base] if self.settings.strategy == "sticky" else self.strategy

    def adopt(self, settings: QueueSettings) -> None:
        """Take over new settings; agents and callers are put in the order these ask for."""
        old, before, self.settings = self.settings, self.order, settings
        self.had_music = self.had_music or bool(old.music)
        if self.order is not before:
            self.pool.entries.clear()
            self.pool.keys.clear()  # whoever changes settings ranks all agents anew
        if old.age_seconds_per_priority != settings.age_seconds_per_priority:
            unoffered = [self.waiting[spot[2]] for spot in self.line]
            self.line = sorted(self.place(call) for call in unoffered)

    # --- callers ---

    def place(self, call: Call) -> Place:
        """Where a caller stands. Waiting adds the same to everybody, so an order that ages stays as it is."""
        age = self.settings.age_seconds_per_priority
        if age:
            return (call.queued_at - call.priority * age * 1000, call.queued_at, call.id)
        return (-call.priority, call.queued_at, call.id)

    def urgency(self, call: Call, at: Instant) -> Urgency:
        """How callers of different queues compare: by priority with what waiting has added, then by arrival."""
        age = self.settings.age_seconds_per_priority
        aged = (at - call.queued_at) / (age * 1000) if age else 0
        return (-(call.priority + aged), call.queued_at, call.id)

    def join(self, call: Call) -> None:
        self.waiting[call.id] = call
        insort(self.line, self.place(call))

    def take_from_line(self, call: Call, when: Instant | None = None) -> None:
        """The caller is being offered to somebody; the place is kept."""
        spot = self.place(call)
        at = bisect_left(self.line, spot)
        if at < len(self.line) and self.line[at] == spot:
            del self.line[at]
            if when is not None:
                self.pace.moved(when, len(self.serving), len(self.line))

    def hand_back(self, call: Call) -> None:
        insort(self.line, self.place(call))

    def leave(self, call: Call, when: Instant | None = None) -> None:
        self.take_from_line(call, when)
        self.spoken.pop(call.id, None)
        self.waiting.pop(call.id, None)
        self.barred.pop(call.id, None)

    def bar(self, call: CallId, agent: AgentNo) -> None:
        self.barred.setdefault(call, set()).add(agent)

    def position(self, call: Call) -> int:
        """1 for who leaves next; callers being offered keep theirs."""
        mine = self.place(call)
        unoffered = bisect_left(self.line, mine)
        if len(self.line) == len(self.waiting):
            return unoffered + 1
        in_line, ahead = {key[2] for key in self.line}, unoffered
        for one in self.waiting.values():
            if one.id not in in_line:
                ahead += self.place(one) < mine
        return ahead + 1

    def in_order(self, most: int | None = None) -> list[Call]:
        """Callers as they will leave, those being offered among them; at most `most`."""
        if most is None or len(self.waiting) <= most:
            return sorted(self.waiting.values(), key=self.place)
        unoffered = {key[2] for key in self.line}
        offered = [self.place(call) for call in self.waiting.values() if call.id not in unoffered]
        return [self.waiting[key[2]] for key in sorted(offered + self.line[:most])[:most]]

    def expected_wait(self, call: Call | None = None) -> int | None:
        """Milliseconds until this caller, or one who came now, is answered; None when nobody serves the queue."""
        ahead = len(self.line) if call is None else bisect_left(self.line, self.place(call))
        if call is None and len(self.pool) > ahead:
            return self.answering
        waits = self.pace.wait(ahead + 1, len(self.serving))
        return None if waits is None else waits + self.answering

    @property
    def answering(self) -> int:
        """Milliseconds from offer to answer, on average over the window."""
        return self.pool.answer_ms // self.pool.offers if self.pool.offers else 0

    # --- agents ---

    def figures_of(self, agent: AgentNo) -> Figures:
        found = self.figures.get(agent)
        if found is None:
            found = Figures(queue=self.name, agent_no=agent, window_start=self.window_start)
            self.figures[agent] = found
        return found

    def rank(self, agent: Agent) -> bool:
        """Put an agent where they belong in the pool, or take them out; True when that is news for those who wait."""
        no = agent.no
        here = no in self.members
        awaited = self.settings.strategy == "sticky" and no in self.present
        (self.present.add if here and agent.signed_in else self.present.discard)(no)
        (self.serving.add if here and agent.record.status == "ready" else self.serving.discard)(no)
        if here and agent.routable:
            new = no not in self.pool.keys
            self.pool.put(no, self.order.key(agent, self.figures_of(no)))
            return new
        self.pool.drop(no)
        return awaited and no not in self.present  # nobody needs to wait for them any more

    def choose(self, call: CallId, at: Instant = EPOCH, talks: Talks = NO_TALKS) -> Choice | None:
        """Ask the strategy who should be offered this caller; None when nobody may be."""
        barred = self.barred.get(call, ())
        caller = self.waiting.get(call)
        strategy = self.strategy
        if strategy.serve is not None and caller is not None:
            return strategy.serve(Asked(caller, at, self.pool, barred, self.settings, self.present, talks))
        picked = strategy.pick(self.pool, barred)
        if picked is None:
            return None
        key, agent = picked
        return Choice(agent, strategy.why(key, self.pool))

    def count_answer(self, call: Call, at: Instant) -> None:
        """A caller of this queue has an agent for the first time."""
        self.tally.answered += 1
        self.tally.in_time += at - call.queued_at <= self.settings.service_level_seconds * 1000

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
