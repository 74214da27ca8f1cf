"""Row *ewt*: how far off the expected waiting time is over a simulated day, beside `app_queue`'s hold time.

The day runs through our own board, with a clock moved by hand: callers come by a daily curve, agents by shifts, talks
are lognormal, some give up. Both estimates are taken of every caller who has to wait, at the moment of joining, and
compared with what that caller then waited. `app_queue` keeps `holdtime = (3 * holdtime + new) / 4` in whole seconds.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from cti.effects import Deliver
from cti.ids import AgentNo, CallId, QueueName
from cti.records import QueueSettings, State
from tests.bench.ring import Row
from tests.world import World

SEEDS: Final = range(3)
HOURS: Final = 12
CALLS_AN_HOUR: Final = (90, 150, 210, 220, 160, 130, 190, 220, 210, 160, 110, 80)
AGENTS_AN_HOUR: Final = (7, 10, 12, 12, 9, 8, 12, 13, 12, 10, 8, 6)
TALK_MS: Final = 165_000
TALK_SIGMA: Final = 0.7
ANSWER_MS: Final = 4_000
PATIENCE_MS: Final = 300_000
ACW_SECONDS: Final = 15
AT_MOST: Final = 1.0


@dataclass(slots=True)
class Guess:
    ours: float
    app_queue: float


@dataclass
class Day:
    """One simulated day; `errors` pairs our error with app_queue's, in seconds."""

    seed: int
    errors: list[tuple[float, float]] = field(default_factory=list)
    holdtime: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.agents = [str(1001 + n) for n in range(max(AGENTS_AN_HOUR))]
        settings = QueueSettings(name=QueueName("sales"), strategy="longest_idle", acw_seconds=ACW_SECONDS)
        self.world = World(*self.agents, queues=[settings])
        self.queue = self.world.board.queues[QueueName("sales")]
        self.start = self.world.now
        self.agenda: list[tuple[int, int, Callable[[], None]]] = []
        self.n = 0
        self.guesses: dict[CallId, Guess] = {}
        self.seen = 0

    def later(self, ms: float, what: Callable[[], None]) -> None:
        self.n += 1
        heapq.heappush(self.agenda, (self.world.now + max(round(ms), 0), self.n, what))

    def run(self) -> None:
        for hour in range(HOURS):
            self.later(hour * 3_600_000, lambda hour=hour: self.shift(hour))  # type: ignore[misc]
        self.later(0, self.caller)
        while self.agenda:
            at, _, what = heapq.heappop(self.agenda)
            self.world.passes((at - self.world.now) / 1000)
            what()
            self.ring()

    def shift(self, hour: int) -> None:
        for n, agent in enumerate(self.agents):
            wanted = "ready" if n < AGENTS_AN_HOUR[hour] else "logged_out"
            if self.world.board.agents[AgentNo(agent)].record.status != wanted:
                self.world.status(agent, wanted)

    def caller(self) -> None:
        hour = (self.world.now - self.start) // 3_600_000
        if hour >= HOURS:
            return
        self.later(self.rng.expovariate(CALLS_AN_HOUR[hour] / 3_600_000), self.caller)
        call = self.world.caller_joins(number=f"+86139{self.n:08d}")
        if self.world.call(call).state is State.WAITING:
            ours = self.queue.expected_wait(self.world.call(call))
            if ours is not None:
                self.guesses[call] = Guess(ours / 1000, self.holdtime)
        self.later(self.rng.expovariate(1 / PATIENCE_MS), lambda: self.gives_up(call))

    def gives_up(self, call: CallId) -> None:
        live = self.world.board.calls.get(call)
        if live is not None and live.state is State.WAITING:
            self.world.caller_leaves(call)

    def ring(self) -> None:
        """Phones that have begun to ring are answered in a while."""
        effects = self.world.effects
        for effect in effects[self.seen :]:
            if isinstance(effect, Deliver):
                self.later(self.rng.uniform(0.5, 1.5) * ANSWER_MS, lambda call=effect.call: self.answer(call))  # type: ignore[misc]
        effects.clear()
        self.seen = 0
        self.world.facts.clear()
        self.world.saved.clear()

    def answer(self, call: CallId) -> None:
        waited = (self.world.now - self.world.call(call).queued_at) / 1000
        self.world.answers(call)
        guess = self.guesses.pop(call, None)
        if guess is not None:
            self.errors.append((abs(guess.ours - waited), abs(guess.app_queue - waited)))
        self.holdtime = ((self.holdtime << 2) - self.holdtime + int(waited)) >> 2
        mean = TALK_MS * self.rng.lognormvariate(-(TALK_SIGMA**2) / 2, TALK_SIGMA)
        self.later(mean, lambda: self.world.agent_hangs_up(call))


def rows() -> list[Row]:
    """Mean absolute error in seconds, over three days of different chance."""
    errors = [pair for seed in SEEDS for pair in _day(seed)]
    ours, theirs = fmean(one for one, _ in errors), fmean(one for _, one in errors)
    ratio = round(ours / theirs, 2)
    return [Row("ewt error", round(ours, 1), "s", round(theirs, 1), ratio, AT_MOST, ratio <= AT_MOST)]


def _day(seed: int) -> list[tuple[float, float]]:
    day = Day(seed)
    day.run()
    return day.errors
