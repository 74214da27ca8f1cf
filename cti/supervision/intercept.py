"""Intercept 拦截: the agent is released, and the supervisor goes on with the customer."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.agents import Work
from cti.board import Board
from cti.control import events as ce
from cti.control.effects import Spot
from cti.control.leaving import back_to_customer
from cti.control.parts import gather, move, talkers, watcher
from cti.effects import Effect, HangUp
from cti.ids import AgentNo, Instant
from cti.records import Call, OfferResult


def take(board: Board, call: Call, supervisor: AgentNo, at: Instant) -> Iterator[ev.Event | Effect]:
    leg = watcher(call, supervisor)
    if leg is None:
        return
    if call.consult is not None:
        yield from back_to_customer(board, call, at, OfferResult.CANCELLED)
    released = [one for one in talkers(board, call) if one.id != leg.id]
    yield from move(call, leg, Spot("room", call.id, marked=True), "room", at)
    yield from gather(call, (*(one for one in released if not one.place), call.customer), at)
    for one in released:
        if one.agent_no is not None:
            yield ce.CallTransferred(at=at, call=call.id, agent=one.agent_no, to=f"agent:{supervisor}", how="intercept")
    yield ce.CallTaken(at=at, call=call.id, agent=supervisor)
    for one in released:
        if one.agent_no is not None and board.agents[one.agent_no].work in (Work.TALKING, Work.HELD):
            yield ev.AgentLeft(at=at, call=call.id, agent=one.agent_no)
        yield HangUp(call.id, one.address, released=True)
