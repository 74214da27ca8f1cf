"""Where a call can be taken by hand: `agent:1002`, `queue:sales`, `number:+86…`, `flow:x`, `survey`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cti.agents import Agent
from cti.board import Board
from cti.entry.numbers import international
from cti.errors import BadRequest, NoSuchTarget
from cti.ids import AgentNo, QueueName

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_KINDS: Final = {
    "agent": re.compile(r"[0-9A-Za-z]{1,16}"),
    "queue": re.compile(r"[a-z][a-z0-9][a-z0-9_-]{0,38}"),
    "number": re.compile(r"[^\x00-\x1f\x7f]{1,64}"),  # what a number is, the dialling rules say
    "flow": _NAME,
}


_BARE: Final = re.compile(r"\+?[0-9][0-9 ().-]{1,30}")


@dataclass(frozen=True, slots=True)
class Target:
    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


def target(text: str, *kinds: str) -> Target:
    """Read a target of one of these kinds, a bare number among them; raises `BadRequest`."""
    kind, _, name = f"number:{text}".partition(":") if _BARE.fullmatch(text) else text.partition(":")
    if kind in kinds and (text == "survey" or (kind in _KINDS and _KINDS[kind].fullmatch(name))):
        return Target(kind, international(name) if kind == "number" else name)
    known = ", ".join(one if one == "survey" else f"{one}:…" for one in kinds)
    raise BadRequest(f"{text[:60]!r} is no target here; there are {known}")


def colleague(board: Board, name: str, asker: AgentNo) -> Agent:
    """Another agent; raises `NoSuchTarget`."""
    agent = board.agents.get(AgentNo(name))
    if agent is None or agent.no == asker:
        raise NoSuchTarget(f"there is no agent {name}" if agent is None else "that is oneself")
    return agent


def queue_named(board: Board, name: str) -> QueueName:
    """A queue that somebody has set up; raises `NoSuchTarget`."""
    queue = board.queues.get(QueueName(name))
    if queue is None:
        raise NoSuchTarget(f"there is no queue {name}")
    return queue.name


def flow_named(board: Board, name: str) -> str:
    """A flow that callers may hear; raises `NoSuchTarget`."""
    if not board.has_flow(name):
        raise NoSuchTarget(f"there is no published flow {name}")
    return name
