"""Conference 会议: one more agent or number joins the talk, or is removed; unnamed, whoever is being asked."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.agents import Agent, Work
from cti.board import Board
from cti.control import consult
from cti.control import events as ce
from cti.control.effects import Invite, Spot
from cti.control.leaving import release
from cti.control.parts import free_device, gather, next_leg, part, talkers
from cti.control.targets import colleague
from cti.effects import Effect, HangUp
from cti.errors import NotFound, WrongState
from cti.ids import AgentNo, DeviceName
from cti.records import Leg, OfferResult, State
from cti.targets import by_hand

RING_SECONDS = 30
MOST = 10
"""Legs of one conference, the customer's among them."""


def confer(board: Board, event: ce.ConferenceAsked) -> Iterator[ev.Event | Effect]:
    call, agent, _ = part(board, event)
    if call.consult is not None:
        if event.to not in ("", call.consult.target):
            raise WrongState("somebody else is being asked")
        yield from consult.merge(board, event)
        return
    to = by_hand(event.to, ("agent", "number"))
    if call.state is not State.TALKING or agent.work is not Work.TALKING:
        raise WrongState(f"the call is {call.state}, agent {agent.no} is {agent.work}")
    if len(call.live("customer", "agent", "party")) >= MOST:
        raise WrongState(f"there are {MOST} in the conference")
    asked: Agent | None = None
    shown: tuple[str, str] = (agent.no, "")
    number, trunk = None, ""
    if to.kind == "agent":
        asked = colleague(board, AgentNo(to.name), event.agent)
        device = free_device(asked)
    else:
        way = board.dialling.way()
        number, trunk, shown = board.dialling.allow(to.name), way.trunk, (way.shown, "")
        device = DeviceName(trunk)
    yield from gather(call, [*talkers(board, call), call.customer], event.at)
    leg = next_leg(call)
    colleague_no = None if asked is None else asked.no
    yield ce.PartyInvited(
        at=event.at, call=call.id, leg=leg, by=agent.no, target=str(to), device=device, colleague=colleague_no
    )
    if asked is not None:
        yield ce.ColleagueAsked(at=event.at, call=call.id, agent=asked.no, device=device, by=agent.no, how="conference")
    yield Invite(
        board.tenant,
        call.id,
        leg,
        Spot("room", call.id, marked=asked is not None),
        device=None if asked is None else device,
        number=number,
        trunk=trunk,
        shown=shown,
        seconds=RING_SECONDS,
    )


def remove(board: Board, event: ce.RemoveAsked) -> Iterator[ev.Event | Effect]:
    """Any other leg than the customer's; one that is still being rung is no longer."""
    call, agent, own = part(board, event)
    leg = call.leg(event.leg)
    if leg is None or leg.ended_at is not None or leg.kind not in ("agent", "party"):
        raise NotFound(f"no such leg in call {call.id}")
    if leg.id == own.id:
        raise WrongState("one's own leg is hung up, not removed")
    if agent.work is not Work.TALKING or (own.place != "room"):
        raise WrongState("there is no conference")
    yield HangUp(call.id, leg.address)


def _invited(leg: Leg) -> bool:
    return leg.place == "invited" and leg.kind in ("agent", "party")


def rang(board: Board, event: ev.LegRinging) -> Iterator[ev.Event]:
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if call is None or leg is None or leg.agent_no is None or not _invited(leg):
        return
    if board.agents[leg.agent_no].work is Work.OFFERED:
        yield ce.ColleagueRang(at=event.at, call=call.id, agent=leg.agent_no)


def answered(board: Board, event: ev.LegAnswered | ev.LegJoined) -> Iterator[ev.Event | Effect]:
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if call is None or leg is None or not _invited(leg) or call.state is State.DIALLING:
        return
    if call.state is not State.TALKING:
        yield HangUp(call.id, leg.address)  # the talk it was to join is over
        return
    yield ce.PartyJoined(at=event.at, call=call.id, leg=leg.id)
    if leg.agent_no is not None:
        yield ce.ColleagueJoined(at=event.at, call=call.id, agent=leg.agent_no)


def not_reached(board: Board, event: ce.LegNotReached) -> Iterator[ev.Event]:
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if call is None or leg is None or leg.place != "invited" or leg.kind != "agent" or call.state is State.DIALLING:
        return
    if leg.agent_no is not None:
        results = {"busy": OfferResult.REJECTED, "no_answer": OfferResult.NO_ANSWER}
        yield from release(board, call, leg.agent_no, event.at, results.get(event.why, OfferResult.FAILED))
