"""Feature: calls today 今日通话. In how many calls each agent has talked with the customer since local midnight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cti import events as ev
from cti.agents import Agent
from cti.board import Board, Feature, Fold
from cti.effects import Effect, Later
from cti.ids import Instant
from cti.queues import window_bounds
from cti.records import Call, SegmentKind


def count(call: Call, agent: Agent) -> None:
    """The agent talks with this customer; one who comes back to a call has it counted once."""
    talks = [one for one in call.segments if one.agent_no == agent.no and one.kind is SegmentKind.TALKING]
    agent.calls_today += len(talks) == 1


def turned(board: Board, event: ev.DayTurned) -> None:
    for agent in board.agents.values():
        if agent.calls_today:
            agent.calls_today = 0
            board.touch(agent)


def next_day(board: Board, event: ev.Started | ev.DayTurned) -> Iterator[Effect]:
    midnight = midnight_after(board, event.at)
    yield Later("day", midnight, ev.DayTurned(at=midnight))


def midnight_after(board: Board, at: Instant) -> Instant:
    return window_bounds("day", at, board.zone)[1]


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {ev.DayTurned: turned}
FEATURES: Final[Mapping[type[ev.Event], tuple[Feature, ...]]] = {ev.DayTurned: (next_day,)}
