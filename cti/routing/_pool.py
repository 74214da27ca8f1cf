"""The routable agents of one queue, kept in the order of its strategy, so that a choice costs a look at the top.

A strategy is pure: figures, agents, the caller and the time are all it may know. Ties go to the longest idle, then to
the lowest agent number; every key ends in `tie(agent)`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cti.agents import Agent, natural
from cti.ids import AgentNo, Instant
from cti.records import Call, Figures, QueueSettings
from cti.registry import Registry

Key: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    agent: AgentNo
    reason: str


@dataclass(slots=True)
class Pool:
    """Routable agents in order of their keys, and what the choice may look at besides."""

    entries: list[tuple[Key, AgentNo]] = field(default_factory=list)
    keys: dict[AgentNo, Key] = field(default_factory=dict)
    offers: int = 0  # of all agents of the queue in the window
    answer_ms: int = 0
    signed_in: int = 0
    last: AgentNo | None = None  # who was offered a call last

    def put(self, agent: AgentNo, key: Key) -> None:
        if self.keys.get(agent) == key:
            return
        self.drop(agent)
        self.keys[agent] = key
        insort(self.entries, (key, agent))

    def drop(self, agent: AgentNo) -> None:
        key = self.keys.pop(agent, None)
        if key is not None:
            del self.entries[bisect_left(self.entries, (key, agent))]

    def __len__(self) -> int:
        return len(self.entries)

    def ordered(self, barred: Collection[AgentNo], start: int = 0) -> Iterator[tuple[Key, AgentNo]]:
        return (
            self.entries[n] for n in range(start, len(self.entries)) if not barred or self.entries[n][1] not in barred
        )


Talks: TypeAlias = Mapping[str, tuple[AgentNo, Instant]]
"""Who spoke with a number last, and when."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One caller's turn, for a strategy that looks at the caller too. `present`: members who are signed in."""

    call: Call
    at: Instant
    pool: Pool
    barred: Collection[AgentNo]
    settings: QueueSettings
    present: Collection[AgentNo]
    talks: Talks

    @property
    def waited(self) -> int:
        """Milliseconds."""
        return max(self.at - self.call.queued_at, 0)


@dataclass(frozen=True, slots=True)
class Strategy:
    """`key` orders agents, smallest first. `pick` takes the pool and the agents this caller must not ring again.

    A strategy with `serve` is asked that instead of `pick` and `why`: it looks at the caller too.
    """

    key: Callable[[Agent, Figures], Key]
    why: Callable[[Key, Pool], str]
    pick: Callable[[Pool, Collection[AgentNo]], tuple[Key, AgentNo] | None] = lambda pool, barred: next(
        pool.ordered(barred), None
    )
    serve: Callable[[Asked], Choice | None] | None = None


strategies: Registry[Strategy] = Registry("strategy")


def tie(agent: Agent) -> Key:
    return (agent.record.idle_since, *natural(agent.no))


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
