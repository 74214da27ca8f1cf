"""All live state of one tenant and its one writer: `take(event)` folds what happened and returns what should be done.

Deterministic: the same events give the same decisions. A refused request raises `Refused` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from cti.agents import Agent
from cti.control.dialling import DialRules
from cti.dispositions import Known
from cti.effects import Effect, SaveAgent, SaveCall, SaveFigures
from cti.errors import NotFound
from cti.events import Event
from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, QueueName, TenantId
from cti.personal import owner, personal, settings_of
from cti.queues import Queue
from cti.reasons import Reason
from cti.recording.policy import RecordingRules
from cti.records import Call, Figures, QueueSettings, State

ENDED_KEPT = 256

Fold: TypeAlias = Callable[["Board", Any], None]
Feature: TypeAlias = Callable[["Board", Any], Iterable[Event | Effect]]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a board does with an event: one fold, then the features that care, in order; last, the closing words."""

    folds: Mapping[type[Event], Fold]
    features: Mapping[type[Event], Sequence[Feature]]
    assign: Callable[[Board, Instant], Iterable[Event]]
    closing: Callable[[Board, Instant], Iterable[Effect]]


TALKS_MOST: Final = 50_000
"""Numbers whose last agent is remembered."""


class Board:
    def __init__(self, tenant: TenantId, rules: Rules) -> None:
        self.tenant = tenant
        self.rules = rules
        self.zone = ZoneInfo("UTC")
        self.agents: dict[AgentNo, Agent] = {}
        self.queues: dict[QueueName, Queue] = {}
        self.calls: dict[CallId, Call] = {}
        self.ended: dict[CallId, Call] = {}  # the latest ones: a last word of them may come a moment after their end
        self.legs: dict[LegId, CallId] = {}
        self.devices: dict[DeviceName, str] = {}
        self.owners: dict[DeviceName, AgentNo] = {}
        self.vips: dict[str, int] = {}
        self.talks: dict[str, tuple[AgentNo, Instant]] = {}  # who spoke with a number last, and when
        self.pop_url = ""
        self.tell_supervision = False  # whether agents are told that they are supervised
        self.reasons: Mapping[str, Reason] = {}  # by what people may say for them
        self.dispositions: Known = {}
        self.recording = RecordingRules()
        self.recording_trouble = ""  # why nothing new can be recorded now
        self.link_up = False
        self.began_at = Instant(0)  # when this server did
        self.dialling = DialRules()
        self.has_flow: Callable[[str], bool] = lambda _name: True  # whoever seats the board knows what is published
        self.can_press_answer: Callable[[], bool] = lambda: False  # ... and what Asterisk lets it do
        self.unwanted: dict[LegId, CallId] = {}  # legs that were asked for in calls that have ended since
        self.stirred: dict[QueueName, None] = {}  # queues in which somebody new waits or is free
        self.changed_agents: dict[AgentNo, None] = {}
        self.changed_queues: dict[QueueName, None] = {}
        self.changed_calls: dict[CallId, Call] = {}
        self.touched_calls: dict[CallId, Call] = {}  # of which clients may not have the latest
        self.changed_records: dict[AgentNo, None] = {}
        self.changed_figures: dict[tuple[QueueName, AgentNo], Figures] = {}

    # --- the one writer ---

    def take(self, event: Event) -> list[Effect]:
        """Fold `event` and everything it leads to; effects come in the order they were wished for."""
        return self.decide(event) + self.settle(event.at)

    def decide(self, event: Event) -> list[Effect]:
        """The first half of `take`: what follows from the event. `settle` must come before the next event."""
        effects: list[Effect] = []
        self._turn(event, effects)
        for decision in self.rules.assign(self, event.at):
            self._turn(decision, effects)
        return effects

    def settle(self, at: Instant) -> list[Effect]:
        """The second half, which no phone waits for: how whatever changed stands now, told and kept."""
        return [*self.rules.closing(self, at), *self.saves()]

    def _turn(self, event: Event, effects: list[Effect]) -> None:
        kind = type(event)
        fold = self.rules.folds.get(kind)
        if fold is not None:
            fold(self, event)
        for feature in self.rules.features.get(kind, ()):
            for wish in feature(self, event):
                if isinstance(wish, Event):
                    self._turn(wish, effects)  # a decision is folded before anybody looks at the board again
                else:
                    effects.append(wish)

    def saves(self) -> Iterable[Effect]:
        """What changed and is not yet on record; what an order stands on is kept before the order leaves."""
        for call in self.changed_calls.values():
            yield SaveCall(call)
            if call.state is State.ENDED:
                self.calls.pop(call.id, None)
                self.ended[call.id] = call
                if len(self.ended) > ENDED_KEPT:
                    del self.ended[next(iter(self.ended))]
        for no in self.changed_records:
            yield SaveAgent(self.agents[no].record)
        for figures in self.changed_figures.values():
            yield SaveFigures(figures)
        self.changed_calls.clear()
        self.changed_records.clear()
        self.changed_figures.clear()

    # --- looking things up ---

    def agent(self, no: AgentNo) -> Agent:
        """Raises `NotFound`."""
        try:
            return self.agents[no]
        except KeyError:
            raise NotFound(f"there is no agent {no}") from None

    def call(self, call: CallId) -> Call:
        """A live call; raises `NotFound`."""
        try:
            return self.calls[call]
        except KeyError:
            raise NotFound(f"no live call {call}") from None

    def call_of_leg(self, leg: LegId) -> Call | None:
        call = self.legs.get(leg)
        return None if call is None else self.calls.get(call)

    def queue(self, name: QueueName) -> Queue:
        """Raises `NotFound`."""
        try:
            return self.queues[name]
        except KeyError:
            raise NotFound(f"there is no queue {name}") from None

    def queue_for(self, name: QueueName) -> Queue:
        """The queue a caller names; one that nobody configured is made without members: its callers are seen."""
        if name not in self.queues:
            whose = owner(name)
            self.queues[name] = Queue(QueueSettings(name=name) if whose is None else settings_of(name))
            if whose in self.agents:
                self.queues[name].members = {self.agents[whose].no}
                self.queues[name].rank(self.agents[whose])
        return self.queues[name]

    # --- noting what changed ---

    def touch(self, agent: Agent, *, record: bool = False) -> None:
        """An agent changed: put them in their place in every queue, and have it told (and kept, if `record`)."""
        no = agent.no
        for name in (*agent.profile.queues, personal(no)):
            queue = self.queues.get(name)
            if queue is not None and queue.rank(agent):
                self.stirred[name] = None
        self.changed_agents[no] = None
        if record:
            self.changed_records[no] = None

    def touch_call(self, call: Call) -> None:
        self.changed_calls[call.id] = call
        self.touched_calls[call.id] = call

    def remember_talk(self, number: str, agent: AgentNo, at: Instant) -> None:
        """Who spoke with a number last; the numbers that are oldest are forgotten first."""
        if number:
            self.talks.pop(number, None)
            self.talks[number] = (agent, at)
            if len(self.talks) > TALKS_MOST:
                del self.talks[next(iter(self.talks))]

    def touch_figures(self, figures: Figures) -> None:
        self.changed_figures[figures.queue, figures.agent_no] = figures
