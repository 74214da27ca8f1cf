"""Blind transfer 转接: the customer goes to a queue, an agent, a number, a flow or the survey; the agent is done."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.control.effects import Spot
from cti.control.leaving import dismissed
from cti.control.parts import free_device, move, talkers, with_customer
from cti.control.targets import colleague, flow_named, queue_named
from cti.effects import Effect, HangUp, WaitIn
from cti.errors import WrongState
from cti.ids import AgentNo, QueueName
from cti.records import Call, Leg
from cti.targets import Target, by_hand

RING_SECONDS = 30


def transfer(board: Board, event: ce.TransferAsked) -> Iterator[ev.Event | Effect]:
    call, agent, leg = with_customer(board, event)
    to = by_hand(event.to, ("queue", "agent", "number", "flow", "survey"))
    if len(talkers(board, call)) > 1:
        raise WrongState("leave the conference first: the others are with the customer")
    wishes = list(_goes(board, event, call, to))  # whatever is refused is refused before anything has changed
    yield ce.CallTransferred(at=event.at, call=call.id, agent=agent.no, to=str(to), how="blind")
    yield ev.AgentLeft(at=event.at, call=call.id, agent=agent.no)
    yield from dismissed(board, call, event.at)
    yield from wishes
    yield from _released(call, leg)


def _goes(board: Board, event: ce.TransferAsked, call: Call, to: Target) -> Iterator[ev.Event | Effect]:
    customer = call.customer
    match to.kind:
        case "queue":
            queue = queue_named(board, to.name)
            yield WaitIn(call.id, customer.address, queue)
            yield ce.CallRequeued(at=event.at, call=call.id, queue=queue, bars=event.agent)
        case "agent":
            yield from _to_agent(board, event, call, AgentNo(to.name))
        case "number":
            number = board.dialling.allow(to.name)
            yield ce.CallForwarded(at=event.at, call=call.id, number=to.name)
            way = board.dialling.way()
            out = Spot("out", number=number, caller_id=way.shown, seconds=RING_SECONDS, trunk=way.trunk)
            yield from move(call, customer, out, "out", event.at)
        case "flow":
            if not call.queue:
                raise WrongState("an outbound call has no queue to come back to from a flow")
            flow_named(board, to.name)
            yield ce.CallRequeued(at=event.at, call=call.id, queue=call.queue, passing=True)
            why = f"transferred by {event.agent}"
            yield ev.CallSentOn(at=event.at, call=call.id, target=str(to), why=why)
        case _:
            yield from move(call, customer, Spot("after"), "after", event.at)


def _to_agent(board: Board, event: ce.TransferAsked, call: Call, no: AgentNo) -> Iterator[ev.Event]:
    """An offer of its own. Nobody there: the caller waits in the call's queue, or in the first one of that agent."""
    agent = colleague(board, no, event.agent)
    device = free_device(agent)
    queue = call.queue or next(iter(agent.profile.queues), QueueName(""))
    if not queue:
        raise WrongState(f"agent {no} serves no queue in which the caller could wait")
    yield ce.CallRequeued(at=event.at, call=call.id, queue=queue, bars=event.agent, passing=True)
    yield ev.AgentChosen(
        at=event.at,
        call=call.id,
        agent=no,
        device=device,
        strategy="transfer",
        reason=f"transferred by {event.agent}",
    )


def _released(call: Call, leg: Leg) -> Iterator[Effect]:
    """An agent in a Dial with the customer is released by that; elsewhere we do it."""
    if leg.place:
        yield HangUp(call.id, leg.address, released=True)


def came_back(board: Board, event: ce.DialEnded) -> Iterator[ev.Event | Effect]:
    """The number a caller was sent to did not answer, or has hung up."""
    call = board.call_of_leg(event.leg)
    if call is None or call.customer.id != event.leg or call.customer.place != "out":
        return
    if event.status != "ANSWER" and call.queue:
        yield WaitIn(call.id, call.customer.address, call.queue)
        yield ce.CallRequeued(at=event.at, call=call.id, queue=call.queue)
    else:
        yield HangUp(call.id, call.customer.address)
