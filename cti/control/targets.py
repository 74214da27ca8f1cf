"""Whom a target of call control leads to on this board."""

from __future__ import annotations

from cti.agents import Agent
from cti.board import Board
from cti.errors import NoSuchTarget
from cti.ids import AgentNo, QueueName


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
