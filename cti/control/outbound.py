"""Click-to-call 双线外呼: the agent's phone first, by itself where it can, then the other side."""

from __future__ import annotations

from collections.abc import Iterator

from cti import callbacks
from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.control.effects import Invite, Spot
from cti.control.parts import free_device, link
from cti.control.targets import colleague
from cti.effects import Effect
from cti.errors import Conflict, NotSignedIn
from cti.ids import AgentNo, LegId
from cti.masking import shown_on_phone
from cti.recording import keeping
from cti.records import OfferResult, Result, State
from cti.targets import by_hand

AGENT_SECONDS = 30
OTHER_SECONDS = 45


def dial(board: Board, event: ce.DialAsked) -> Iterator[ev.Event | Effect]:
    agent = board.agent(event.agent)
    link(board)
    if event.call in board.calls:
        raise Conflict("there is a call of that id")
    if not agent.signed_in:
        raise NotSignedIn(f"agent {agent.no} is not signed in")
    to = by_hand(event.to, ("number", "agent"))
    if to.kind == "number":
        way, number = board.dialling.way(event.caller_id), board.dialling.allow(to.name)
        caller_id = way.shown
        spot = Spot(
            "call_number",
            number=number,
            caller_id=caller_id,
            seconds=OTHER_SECONDS,
            trunk=way.trunk,
            hidden=not agent.profile.sees_numbers,
        )
        direction = "outbound"
    else:
        other = colleague(board, AgentNo(to.name), agent.no)
        caller_id = agent.no
        spot = Spot("call_device", free_device(other), caller_id=caller_id, seconds=OTHER_SECONDS)
        direction = "internal"
    device = free_device(agent, own=True)
    leg = LegId(f"{event.call}.1")
    yield ce.CallPlaced(
        at=event.at,
        call=event.call,
        agent=agent.no,
        device=device,
        leg=leg,
        number=to.name,
        caller_id=caller_id,
        direction=direction,
        recording=event.recording,
    )
    record, announcement = keeping.to_begin(board, board.calls[event.call])
    shown = shown_on_phone(to.name.lstrip("+"), "", agent.profile.sees_numbers or to.kind == "agent")
    yield Invite(
        board.tenant,
        event.call,
        leg,
        spot,
        device,
        shown=shown,
        seconds=AGENT_SECONDS,
        at_once=True,
        record=record,
        announcement=announcement,
    )


def answered(board: Board, event: ev.LegAnswered | ev.LegJoined) -> Iterator[ev.Event]:
    """The other side's answer is the call's."""
    call = board.call_of_leg(event.leg)
    if call is not None and call.state is State.DIALLING and event.leg != call.legs[0].id:
        yield ce.CustomerReached(at=event.at, call=call.id, agent=AgentNo(call.legs[0].agent_no or ""))


def not_reached(board: Board, event: ce.LegNotReached) -> Iterator[ev.Event | Effect]:
    """The agent's phone could not even be called; where it was, its own end says more."""
    call = board.call_of_leg(event.leg)
    if call is not None and callbacks.goes_back(call):
        yield from callbacks.back(board, call, event.at, OfferResult.FAILED, event.why)
    elif call is not None and call.state is State.DIALLING and event.leg == call.legs[0].id:
        yield ce.PlacingEnded(at=event.at, call=call.id, agent=AgentNo(call.legs[0].agent_no or ""))
        cause = f"agent:{event.why}"
        yield ev.CallEnded(at=event.at, call=call.id, result=Result.NOT_REACHED, cause=cause)
