"""Consultation 咨询: the customer on hold, the agent asks a colleague or a number; then hands over, goes to and fro,
brings everybody together, or returns. The agent's own leg dials, so whoever is asked never outlives the asking.
"""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.agents import Agent, Work
from cti.board import Board
from cti.control import events as ce
from cti.control.effects import Spot
from cti.control.leaving import back_to_customer
from cti.control.parts import (
    OTHER,
    apart,
    free_device,
    gather,
    move,
    move_two,
    part,
    room_of,
    talkers,
    with_customer,
)
from cti.control.targets import colleague
from cti.effects import Effect, HangUp
from cti.errors import WrongState
from cti.ids import AgentNo, DeviceName
from cti.records import Call, Consult, Leg, OfferResult, State
from cti.targets import by_hand

RING_SECONDS = 30


def ask(board: Board, event: ce.ConsultAsked) -> Iterator[ev.Event | Effect]:
    call, agent, leg = with_customer(board, event)
    to = by_hand(event.to, ("agent", "number"))
    if len(talkers(board, call)) > 1:
        raise WrongState("nobody is asked aside from within a conference")
    if call.state is State.HELD and call.customer.place != "hold":
        raise WrongState("held on the phone: retrieve the call there")
    if to.kind == "agent":
        asked: Agent | None = colleague(board, AgentNo(to.name), event.agent)
        assert asked is not None
        device = free_device(asked)
        spot = Spot("ask_device", device, caller_id=agent.no, seconds=RING_SECONDS)
    else:
        number, way = board.dialling.allow(to.name), board.dialling.way()
        asked, device = None, DeviceName(way.trunk)
        spot = Spot(
            "ask_number",
            number=number,
            caller_id=way.shown,
            seconds=RING_SECONDS,
            trunk=way.trunk,
            hidden=not agent.profile.sees_numbers,
        )
    held = call.state is State.HELD
    yield from apart(call, leg, spot, "asking", event.at)
    if not held:
        yield ev.CallHeld(at=event.at, call=call.id, agent=agent.no)
    colleague_no = None if asked is None else asked.no
    yield ce.ConsultBegan(
        at=event.at, call=call.id, agent=agent.no, target=str(to), device=device, colleague=colleague_no
    )
    if asked is not None:
        yield ce.ColleagueAsked(at=event.at, call=call.id, agent=asked.no, device=device, by=agent.no, how="consult")


def asked_leg(board: Board, event: ce.Wish) -> tuple[Call, Agent, Leg, Consult, Leg]:
    """The consultation of the asker, once somebody has answered; raises `WrongState`."""
    call, agent, leg = part(board, event)
    consult = call.consult
    if consult is None or consult.by != agent.no:
        raise WrongState(f"agent {agent.no} is not asking anybody")
    other = call.leg(consult.leg) if consult.leg is not None else None
    if consult.answered_at is None or other is None or other.ended_at is not None:
        raise WrongState("whoever is asked has not answered")
    return call, agent, leg, consult, other


def complete(board: Board, event: ce.ConsultCompleteAsked) -> Iterator[ev.Event | Effect]:
    """The customer talks with whoever was asked, and the agent is done."""
    call, agent, leg, consult, other = asked_leg(board, event)
    stays = Spot("room", call.id, marked=True)
    if other.place == "asked":  # still in the agent's Dial: both at once, or the other would be hung up
        yield from move_two(call, (other, stays, "room"), (leg, Spot("alone"), "alone"), event.at)
    else:
        yield from move(call, other, stays, "room", event.at)
    yield from gather(call, (call.customer,), event.at)
    yield ce.CallTransferred(at=event.at, call=call.id, agent=agent.no, to=consult.target, how="consult")
    yield ce.CustomerHandedOver(at=event.at, call=call.id, agent=agent.no)
    if consult.agent_no is not None:
        yield ce.ColleagueJoined(at=event.at, call=call.id, agent=consult.agent_no)
    yield ev.AgentLeft(at=event.at, call=call.id, agent=agent.no)
    yield HangUp(call.id, leg.address, released=True)


def alternate(board: Board, event: ce.ConsultAlternateAsked) -> Iterator[ev.Event | Effect]:
    """To the customer, while the other waits; or back to the other."""
    call, agent, leg, consult, other = asked_leg(board, event)
    room = room_of(call, leg)
    if consult.aside:
        beside = Spot("aside", call.id, marked=True)
        yield from apart(call, leg, beside, "aside", event.at)
        yield from move(call, other, beside, "aside", event.at)
    else:
        if other.place == "asked":
            yield from move_two(call, (other, OTHER, "hold"), (leg, room, "room"), event.at)
        else:
            yield from move(call, other, OTHER, "hold", event.at)
            yield from move(call, leg, room, "room", event.at)
        yield from gather(call, (call.customer,), event.at)
    yield ce.ConsultSwapped(at=event.at, call=call.id, agent=agent.no, aside=not consult.aside)


def cancel(board: Board, event: ce.ConsultCancelAsked) -> Iterator[ev.Event | Effect]:
    """Back to the customer; whoever was asked, or is still being rung, is released."""
    call, agent, _ = part(board, event)
    if call.consult is None or call.consult.by != agent.no:
        raise WrongState(f"agent {agent.no} is not asking anybody")
    yield from back_to_customer(board, call, event.at, OfferResult.CANCELLED)


def merge(board: Board, event: ce.ConferenceAsked) -> Iterator[ev.Event | Effect]:
    """Three-way: agent, customer and whoever was asked."""
    call, agent, leg, consult, other = asked_leg(board, event)
    if other.place == "asked":
        yield from move_two(call, (other, room_of(call, other), "room"), (leg, room_of(call, leg), "room"), event.at)
    yield from gather(call, (leg, call.customer, other), event.at)
    asked = consult.agent_no
    yield ce.ConsultMerged(at=event.at, call=call.id, agent=agent.no)
    if asked is not None:
        yield ce.ColleagueJoined(at=event.at, call=call.id, agent=asked)


def _asked(board: Board, event: ev.LegRinging | ev.LegAnswered | ev.LegJoined) -> tuple[Call, Consult] | None:
    call = board.call_of_leg(event.leg)
    consult = call.consult if call is not None else None
    return (call, consult) if call is not None and consult is not None and consult.leg == event.leg else None


def rang(board: Board, event: ev.LegRinging) -> Iterator[ev.Event]:
    found = _asked(board, event)
    if found is not None and found[1].agent_no is not None:
        call, consult = found
        assert consult.agent_no is not None
        if board.agents[consult.agent_no].work is Work.OFFERED:
            yield ce.ColleagueRang(at=event.at, call=call.id, agent=consult.agent_no)


def answered(board: Board, event: ev.LegAnswered | ev.LegJoined) -> Iterator[ev.Event]:
    found = _asked(board, event)
    if found is None or found[1].answered_at is not None:
        return
    call, consult = found
    yield ce.ConsultAnswered(at=event.at, call=call.id, agent=consult.by)
    if consult.agent_no is not None:
        yield ce.ColleagueAnswered(at=event.at, call=call.id, agent=consult.agent_no)


def dial_ended(board: Board, event: ce.DialEnded) -> Iterator[ev.Event | Effect]:
    """Nobody answered, or whoever did has hung up; the agent's leg is alone."""
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if call is None or leg is None or call.consult is None:
        return
    if leg.place == "asking" and leg.agent_no == call.consult.by:
        yield from back_to_customer(board, call, event.at, _result(event))


def _result(event: ce.DialEnded) -> str:
    match event.status:
        case "BUSY":
            return OfferResult.REJECTED
        case "NOANSWER":
            return OfferResult.NO_ANSWER
        case "ANSWER" | "CANCEL":
            return OfferResult.CANCELLED
    return OfferResult.REJECTED if event.cause in (17, 21) else OfferResult.FAILED
