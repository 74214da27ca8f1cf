"""Whether a flow may be published: every problem, each naming its node."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cti.ivr.flow import Flow
from cti.ivr.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What nodes may point at; None: not looked at."""

    queues: Collection[str] | None = None
    flows: Collection[str] | None = None
    schedules: Collection[str] | None = None
    agents: Collection[str] | None = None
    prompts: Collection[str] | None = None
    boxes: Collection[str] | None = None


def check(flow: Flow, known: Known | None = None) -> tuple[Problem, ...]:
    """All that is wrong with a flow, in the order of its nodes; nothing when it may be published."""
    raise NotImplementedError


def references(flow: Flow, to: str) -> frozenset[str]:
    """The names of one kind (queue, flow, schedule, agent, prompt, box) that a flow points at."""
    raise NotImplementedError
