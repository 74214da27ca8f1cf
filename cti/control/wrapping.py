"""More time for after-call work 话后整理, as often as the agent asks; the wrap-up itself is `cti/wrapup.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cti.agents import Work
from cti.board import Board
from cti.control import events as ce
from cti.effects import Effect
from cti.errors import BadRequest, NotInAcw
from cti.events import Event
from cti.wrapup import expiry

MOST: Final = 600


def extend(board: Board, event: ce.AcwExtendAsked) -> Iterator[Event | Effect]:
    agent = board.agent(event.agent)
    if agent.work is not Work.ACW:
        raise NotInAcw(f"agent {agent.no} is not in after-call work")
    if not 1 <= event.seconds <= MOST:
        raise BadRequest(f"seconds are 1 to {MOST}")
    yield ce.AcwExtended(at=event.at, agent=agent.no, seconds=event.seconds)
    assert agent.record.acw_began is not None
    assert agent.record.acw_until is not None
    yield expiry(agent.no, agent.record.acw_began, agent.record.acw_until)
