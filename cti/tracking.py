"""Feature: what the legs show becomes the story of the call: ringing, answered, held, left, ended."""

from __future__ import annotations

from collections.abc import Iterator

from cti import callbacks
from cti import events as ev
from cti.board import Board
from cti.control import leaving
from cti.control.parts import talkers
from cti.control.unheard import not_reached_cause
from cti.effects import Effect
from cti.ids import AgentNo
from cti.records import Call, Leg, OfferResult, Result, State

RINGING_OUT = (State.OFFERED, State.RINGING)
IN_TALK = (State.TALKING, State.HELD)


def _agent_leg(board: Board, event: ev.LegRinging | ev.LegAnswered | ev.LegJoined) -> tuple[Call, Leg, AgentNo] | None:
    """The call and leg of the agent to whom that call is being offered; a phone of an offer before is late."""
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if call is None or leg is None or leg.agent_no is None or leg.ended_at is not None:
        return None
    if call.offer is None or call.offer.agent_no != leg.agent_no or leg.place:
        return None
    return (call, leg, leg.agent_no)


def rang(board: Board, event: ev.LegRinging) -> Iterator[ev.Event]:
    found = _agent_leg(board, event)
    if found is not None and found[0].state is State.OFFERED:
        yield ev.PhoneRinging(at=event.at, call=found[0].id, agent=found[2])


def answered(board: Board, event: ev.LegAnswered | ev.LegJoined) -> Iterator[ev.Event]:
    """The dialplan's answer and the bridge say the same; whichever is first counts."""
    found = _agent_leg(board, event)
    if found is not None and found[0].state in RINGING_OUT:
        yield ev.AgentAnswered(at=event.at, call=found[0].id, agent=found[2], leg=event.leg)


def held(board: Board, event: ev.LegHeld | ev.LegRetrieved) -> Iterator[ev.Event]:
    """Only an agent holds a call, and only where nobody else talks on; a customer's own hold is theirs."""
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if call is None or leg is None or leg.agent_no is None or talkers(board, call) != [leg]:
        return
    if call.consult is not None or call.customer.place in ("hold", "out", "after"):
        return  # on hold by the server, which takes them back too; or gone from this agent
    if isinstance(event, ev.LegHeld) and call.state is State.TALKING:
        yield ev.CallHeld(at=event.at, call=call.id, agent=leg.agent_no)
    elif isinstance(event, ev.LegRetrieved) and call.state is State.HELD:
        yield ev.CallRetrieved(at=event.at, call=call.id, agent=leg.agent_no)


def leg_ended(board: Board, event: ev.LegEnded) -> Iterator[ev.Event | Effect]:
    call = board.call_of_leg(event.leg)
    if call is None:
        return
    if event.leg == call.customer.id:
        survey = call.journey.survey
        if survey is not None and not survey.result:
            yield ev.SurveyEnded(at=event.at, call=call.id, result="answered" if survey.answers else "left")
        yield from customer_gone(board, call, event)
        return
    leg = call.leg(event.leg)
    if leg is not None:
        yield from leaving.leg_gone(board, call, leg, event.at, event.cause)


def customer_gone(
    board: Board, call: Call, event: ev.Event, result: Result | None = None
) -> Iterator[ev.Event | Effect]:
    """The caller's own leg has ended, and with it the call."""
    if callbacks.goes_back(call) and isinstance(event, ev.LegEnded):
        yield from callbacks.agent_gone(board, call, event)
        return
    offer = call.offer
    if offer is not None and call.state in RINGING_OUT:
        yield ev.OfferEnded(
            at=event.at, call=call.id, agent=offer.agent_no, result=OfferResult.CANCELLED, detail="caller gone"
        )
    yield from leaving.everybody(board, call, event.at)
    if result is None:
        if call.state is State.FALLBACK:
            result = Result.FALLBACK
        elif call.journey.ends_as and call.answered_at is None:
            result = Result(call.journey.ends_as)
        elif call.state is State.IVR and call.answered_at is None:
            result = Result.IVR
        elif call.direction != "inbound" and call.answered_at is None:
            result = Result.NOT_REACHED
        else:
            result = Result.ANSWERED if call.answered_at is not None else Result.ABANDONED
    cause = f"q850:{event.cause}" if isinstance(event, ev.LegEnded) else ""
    if result is Result.NOT_REACHED and isinstance(event, ev.LegEnded):
        cause = not_reached_cause(call, call.leg(event.leg), event.cause)
    yield ev.CallEnded(at=event.at, call=call.id, result=result, cause=cause)


def fell_back(board: Board, event: ev.FallbackSeen) -> Iterator[ev.Event]:
    """Only a waiting caller can have fallen back; one being offered is already on the way out of there."""
    call = board.calls.get(event.call)
    if call is not None and call.state in (State.IVR, State.WAITING):
        yield ev.FallbackTaken(at=event.at, call=call.id)
