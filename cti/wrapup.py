"""Feature: after-call work (ACW 话后整理) and its timer, and the status that waited for the end of the call.

Where a queue wants to know what its calls came to, after-call work goes on until the agent has said so; its timer then
ends nothing by itself. A sign-out ends it all the same, and so does whoever may force a state.
"""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.agents import Agent, Work
from cti.board import Board
from cti.effects import Effect, Forget, Later
from cti.errors import DispositionMissing, NotInAcw
from cti.ids import AgentNo, Instant


def began(board: Board, event: ev.AgentLeft | ev.AcwResumed) -> Iterator[ev.Event | Effect]:
    """It begins, or goes on after something that interrupted it, and then ends when it would have."""
    record = board.agents[event.agent].record
    assert record.acw_began is not None
    assert record.acw_until is not None
    is_over = record.acw_until <= event.at and record.due_call is None
    if is_over or record.pending_status == "logged_out":
        yield ev.AcwEnded(at=event.at, agent=event.agent)
        return
    yield expiry(event.agent, record.acw_began, record.acw_until)


def expiry(agent: AgentNo, began: Instant, until: Instant) -> Later:
    return Later(f"acw:{agent}", until, ev.AcwExpired(at=until, agent=agent, began=began))


def expired(board: Board, event: ev.AcwExpired) -> Iterator[ev.Event]:
    agent = board.agents.get(event.agent)
    if agent is None or agent.work is not Work.ACW or agent.record.acw_began != event.began:
        return
    if agent.record.due_call is None:
        yield ev.AcwEnded(at=event.at, agent=agent.no)


def finish(board: Board, event: ev.AcwFinishAsked) -> Iterator[ev.Event]:
    agent = board.agent(event.agent)
    if agent.work is not Work.ACW:
        raise NotInAcw(f"agent {agent.no} is not in after-call work")
    may_end(agent)
    yield ev.AcwEnded(at=event.at, agent=agent.no)


def may_end(agent: Agent) -> None:
    """Raises `DispositionMissing` while something is still to be said."""
    record = agent.record
    if record.due_call is not None:
        raise DispositionMissing(f"queue {record.due_queue} wants to know first what call {record.due_call} came to")


def settled(board: Board, event: ev.DispositionSaid | ev.DispositionWaived) -> Iterator[ev.Event]:
    """Nothing is to be said any more: if the time was over already, after-call work ends now."""
    agent = board.agents.get(event.agent)
    if agent is None or agent.work is not Work.ACW or agent.record.due_call is not None:
        return
    until = agent.record.acw_until
    if until is not None and until <= event.at:
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
