"""Who has which part in a call, and the moves that bring legs together or apart; commands are made of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cti.agents import FREE, Agent, Work
from cti.board import Board
from cti.control import events as ce
from cti.control.effects import Move, Spot
from cti.control.folding import watch_of
from cti.effects import Effect
from cti.errors import Busy, NoLeg, PbxDown, WrongState
from cti.events import Event
from cti.ids import AgentNo, DeviceName, Instant, LegId
from cti.records import Call, Leg, State

WITH_CUSTOMER = (State.TALKING, State.HELD)
ALONE = Spot("alone")
HOLD = Spot("hold", "customer")
OTHER = Spot("hold", "other")


def link(board: Board) -> None:
    """Raises `PbxDown`: a leg cannot be touched now."""
    if not board.link_up:
        raise PbxDown("the link to Asterisk is down")


def part(board: Board, wish: ce.Wish) -> tuple[Call, Agent, Leg]:
    """The call, the asker, and the asker's own leg in it; raises `NotFound`, `NoLeg` or `PbxDown`."""
    call, agent = board.call(wish.call), board.agent(wish.agent)
    leg = call.agent_leg(agent.no)
    if leg is None or leg.kind != "agent" or leg.answered_at is None:
        raise NoLeg(f"agent {agent.no} has no leg in call {call.id}")
    link(board)
    return call, agent, leg


def with_customer(board: Board, wish: ce.Wish) -> tuple[Call, Agent, Leg]:
    """The same for somebody who has the customer, talking or on hold; raises `WrongState` too."""
    call, agent, leg = part(board, wish)
    if call.state not in WITH_CUSTOMER or agent.work not in (Work.TALKING, Work.HELD):
        raise WrongState(f"the call is {call.state}, agent {agent.no} is {agent.work}")
    return call, agent, leg


def free_device(agent: Agent, *, own: bool = False) -> DeviceName:
    """The phone of an agent who could be rung now; raises `Busy`. `own`: the agent asks for it, and may do so in
    after-call work too."""
    if agent.work is not Work.IDLE and not (own and agent.work is Work.ACW):
        raise Busy(f"agent {agent.no} is {agent.work}")
    if agent.device is None or not agent.reachable:
        raise Busy(f"the phone of agent {agent.no} is not there")
    if agent.device_state != FREE:
        raise Busy(f"the phone of agent {agent.no} is in use")
    return agent.device


def next_leg(call: Call) -> LegId:
    """An id for a leg that we ask for; Asterisk takes it as the channel's own. A callback has forgotten legs of earlier
    tries, but not their offers."""
    used = {leg.id for leg in call.legs}
    n = max(len(call.legs), len(call.offers)) + 1
    while f"{call.id}.{n}" in used:
        n += 1
    return LegId(f"{call.id}.{n}")


def talkers(board: Board, call: Call) -> list[Leg]:
    """The legs that talk with the customer, or would if the customer were not on hold."""
    aside = call.consult.leg if call.consult is not None else None
    there = [one for one in call.live("agent", "party") if one.answered_at is not None and one.id != aside]
    return [one for one in there if has_part(board, call, one)]


def has_part(board: Board, call: Call, leg: Leg) -> bool:
    """Whether whoever is on this leg still belongs to the call; one who has given it away is on the way out."""
    agent = board.agents.get(leg.agent_no) if leg.agent_no is not None else None
    return leg.agent_no is None or (agent is not None and agent.call == call.id)


def room_of(call: Call, leg: Leg) -> Spot:
    """The call's room; whoever is no customer and no guest keeps it open."""
    return Spot("room", call.id, marked=leg.kind in ("agent", "supervisor"))


def move(call: Call, leg: Leg, spot: Spot, place: str, at: Instant) -> Iterator[Event | Effect]:
    yield Move(call.id, leg.address, spot)
    yield ce.LegPlaced(at=at, call=call.id, leg=leg.id, place=place)


def move_two(
    call: Call, one: tuple[Leg, Spot, str], other: tuple[Leg, Spot, str], at: Instant
) -> Iterator[Event | Effect]:
    """Two legs that talk with one another: were they moved in turn, the first to go would end the second."""
    yield Move(call.id, one[0].address, one[1], other[0].address, other[1])
    yield ce.LegPlaced(at=at, call=call.id, leg=one[0].id, place=one[2])
    yield ce.LegPlaced(at=at, call=call.id, leg=other[0].id, place=other[2])


def gather(call: Call, legs: Iterable[Leg], at: Instant) -> Iterator[Event | Effect]:
    """Bring these legs into the call's room; those who are there stay undisturbed. The customer and an agent come at
    the same instant, whatever is thought of where they are: in a Dial the first to go would end the second."""
    outside = sorted((one for one in legs if one.place != "room"), key=lambda leg: leg.place != "")
    other = next((one for one in outside if one is not call.customer), None)
    if other is not None and call.customer in outside:
        together = (other, call.customer)
        first, second = ((one, room_of(call, one), "room") for one in together)
        outside = [one for one in outside if one not in together]
        yield from move_two(call, first, second, at)
    for leg in outside:
        yield from move(call, leg, room_of(call, leg), "room", at)


def apart(call: Call, leg: Leg, spot: Spot, place: str, at: Instant) -> Iterator[Event | Effect]:
    """The customer hears music, or goes on hearing it, and the agent goes elsewhere."""
    yield from move_two(call, (call.customer, HOLD, "hold"), (leg, spot, place), at)


def watcher(call: Call, agent: AgentNo) -> Leg | None:
    """The live leg somebody supervises this call with."""
    watch = watch_of(call, agent)
    leg = call.leg(watch.leg) if watch is not None else None
    return leg if leg is not None and leg.ended_at is None else None
