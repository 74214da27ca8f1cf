"""Pick-up 抢接: a call that rings at a colleague's, or a chosen one that waits, comes to the asker's phone instead."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.control.parts import free_device, link
from cti.effects import Effect
from cti.errors import NotAllowed, NotSignedIn, WrongState
from cti.records import OfferResult, State
from cti.wrapup import may_end


def pick_up(board: Board, event: ce.PickUpAsked) -> Iterator[ev.Event | Effect]:
    call, agent = board.call(event.call), board.agent(event.agent)
    link(board)
    if not event.anybody and call.queue not in agent.profile.queues:
        raise NotAllowed(f"agent {agent.no} does not serve {call.queue or 'that call'}")
    if not event.anybody and not agent.signed_in:
        raise NotSignedIn(f"agent {agent.no} is not signed in")
    offer = call.offer
    if call.state not in (State.WAITING, State.OFFERED, State.RINGING):
        raise WrongState(f"the call is {call.state}")
    if offer is not None and call.state is not State.WAITING and offer.agent_no == agent.no:
        raise WrongState("the call rings at that agent's phone already")
    device = free_device(agent, own=True)
    may_end(agent)  # of two calls only one could be due afterwards
    if offer is not None and call.state is not State.WAITING:
        yield ev.OfferEnded(
            at=event.at,
            call=call.id,
            agent=offer.agent_no,
            result=OfferResult.CANCELLED,
            detail=f"picked up by {agent.no}",
        )
    chosen = ev.CallbackTurn if call.nobody_there else ev.AgentChosen
    yield chosen(
        at=event.at, call=call.id, agent=agent.no, device=device, strategy="pickup", reason=f"picked up by {agent.no}"
    )
