"""Feature: after-call work (ACW 话后整理) and its timer, and the status that waited for the end of the call."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.agents import Work
from cti.board import Board
from cti.effects import Effect, Forget, Later
from cti.errors import NotInAcw
from cti.ids import AgentNo, Instant


def began(board: Board, event: ev.AgentLeft) -> Iterator[ev.Event | Effect]:
    record = board.agents[event.agent].record
    assert record.acw_began is not None
    assert record.acw_until is not None
    if record.acw_until <= record.acw_began or record.pending_status == "logged_out":
        yield ev.AcwEnded(at=event.at, agent=event.agent)
        return
    yield expiry(event.agent, record.acw_began, record.acw_until)


def expiry(agent: AgentNo, began: Instant, until: Instant) -> Later:
    return Later(f"acw:{agent}", until, ev.AcwExpired(at=until, agent=agent, began=began))


def expired(board: Board, event: ev.AcwExpired) -> Iterator[ev.Event]:
    agent = board.agents.get(event.agent)
    if agent is not None and agent.work is Work.ACW and agent.record.acw_began == event.began:
        yield ev.AcwEnded(at=event.at, agent=agent.no)


def finish(board: Board, event: ev.AcwFinishAsked) -> Iterator[ev.Event]:
    agent = board.agent(event.agent)
    if agent.work is not Work.ACW:
        raise NotInAcw(f"agent {agent.no} is not in after-call work")
    yield ev.AcwEnded(at=event.at, agent=agent.no)


def ended(board: Board, event: ev.AcwEnded) -> Iterator[ev.Event | Effect]:
    yield Forget(f"acw:{event.agent}")
    record = board.agents[event.agent].record
    if record.pending_status is not None:
        yield ev.StatusChanged(
            at=event.at,
            agent=event.agent,
            status=record.pending_status,
            reason=record.pending_reason,
            why="pending",
        )
