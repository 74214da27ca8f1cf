"""Legs that stand elsewhere than they were sent: an order was lost, or refused. They are sent again, so that no
customer is left alone; and where that cannot be, the customer goes back to a queue, or to the end of the call.

Sending a leg where it stands or is on its way to already does no harm, so a snapshot a moment too old does none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.control.effects import Spot
from cti.control.folding import outside, watch_of
from cti.control.leaving import back_to_customer
from cti.control.parts import ALONE, HOLD, OTHER, gather, has_part, move, move_two, room_of, talkers
from cti.effects import Effect, HangUp, WaitIn
from cti.ids import AgentNo, DeviceName, Instant, LegId
from cti.offering import IN_FLIGHT_MS
from cti.records import Call, Leg, OfferResult, State

PLACES: Final[Mapping[str, str]] = {
    "cti-room": "room",
    "cti-hold": "hold",
    "cti-alone": "alone",
    "cti-consult": "asking",
    "cti-spy": "spy",
    "cti-out": "out",
    "cti-after": "after",
    "cti-call": "",
}
"""Contexts of ours, and the place that a leg there is in."""
APART: Final = frozenset({"hold", "alone", "asking"})
"""Places of legs that nobody in the call hears."""
SAME: Final[Mapping[str, str]] = {"aside": "room", "spare": "spy"}
"""Places that share a context."""
IN_TALK: Final = (State.TALKING, State.HELD)
DELIVERY: Final = "cti-deliver"

Wishes = Iterator[ev.Event | Effect]


@dataclass(frozen=True, slots=True)
class View:
    """What a snapshot shows; while the link was down orders and news were lost, so nothing is on its way."""

    legs: Mapping[LegId, ev.LegSeen]
    at: Instant
    was_up: bool

    def in_flight(self, since: Instant) -> bool:
        """Whether what was ordered then may not be seen yet."""
        return self.was_up and self.at - since <= IN_FLIGHT_MS


def place_of(seen: ev.LegSeen) -> str | None:
    """The place a leg is in; None for one that rings, or is between two places."""
    if seen.state != "Up":
        return None
    if seen.place in PLACES:
        return PLACES[seen.place]
    return "" if seen.bridge else None


def put_right(board: Board, call: Call, view: View) -> Wishes:
    """Bring everybody of this call to where they belong."""
    customer = view.legs.get(call.customer.id)
    if customer is None:
        return
    if call.state is State.IVR and call.sent_to and _talks(customer) and not view.in_flight(call.state_since):
        yield ev.CallReturned(at=view.at, call=call.id)  # the flow never had them
    if call.state is State.WAITING and (_talks(customer) or customer.queue not in (None, call.queue)):
        yield WaitIn(call.id, call.customer.address, call.queue)
    elif call.state in IN_TALK:
        yield from _consulting(board, call, view)
        yield from _customer(board, call, view)
        yield from _sent_again(board, call, view)
    elif _talks(customer):
        return  # still with somebody who is on the way out, until it is clear that the order to go elsewhere is lost
    yield from _released(board, call, view)


def _talks(customer: ev.LegSeen) -> bool:
    """Stands where only somebody in a talk does."""
    return customer.place in PLACES or (customer.place == DELIVERY and bool(customer.bridge))


def _present(board: Board, call: Call, view: View) -> list[Leg]:
    """Those who have the customer, and are up."""
    return [leg for leg in talkers(board, call) if leg.id in view.legs]


def _consulting(board: Board, call: Call, view: View) -> Wishes:
    """A consultation of which nothing is to be seen is over."""
    consult = call.consult
    asker = call.agent_leg(consult.by) if consult is not None else None
    if consult is None or asker is None or asker.id not in view.legs or view.in_flight(consult.began_at):
        return
    asks = view.legs[asker.id].place == "cti-consult"
    if consult.leg is None and asks:
        device = consult.device
        yield from _rung(call, asker, lambda one: one == device, view)
    asked = view.legs.get(consult.leg) if consult.leg is not None else None
    if asks and asked is not None and consult.answered_at is None and asked.state == "Up":
        yield ev.LegAnswered(at=view.at, leg=asked.leg)
    if consult.answered_at is not None or (asks and asked is not None):
        return
    place = place_of(view.legs[asker.id])
    if place is not None and place != asker.place:
        yield ce.LegPlaced(at=view.at, call=call.id, leg=asker.id, place=place)
    theirs = place_of(view.legs[call.customer.id])
    if theirs is not None:
        yield ce.LegPlaced(at=view.at, call=call.id, leg=call.customer.id, place=theirs)
    yield from back_to_customer(board, call, view.at, OfferResult.FAILED)


def _rung(call: Call, by: Leg, fits: Callable[[DeviceName], bool], view: View) -> Iterator[ev.Event]:
    """Legs that were dialled while nobody listened, on devices that fit."""
    for one in view.legs.values():
        ours = one.call == call.id and one.since is None and call.leg(one.leg) is None
        if ours and one.device is not None and fits(one.device):
            yield ev.LegDialled(at=view.at, leg=by.id, dialled=one.leg, channel=one.channel, device=one.device)


def _customer(board: Board, call: Call, view: View) -> Wishes:
    """A customer with whom nobody is, or whom no number took."""
    customer, here = call.customer, place_of(view.legs[call.customer.id])
    if here is None or here == "after":
        return
    if customer.place == "out":
        yield from _rung(call, customer, partial(outside, board), view)
        if here != "out" and call.queue:
            yield WaitIn(call.id, customer.address, call.queue)
            yield ce.CallRequeued(at=view.at, call=call.id, queue=call.queue)
        elif here != "out":
            yield from move(call, customer, Spot("after"), "after", view.at)
        return
    together = _present(board, call, view)
    if not together and here and customer.place != "after":
        yield from move(call, customer, Spot("after"), "after", view.at)
    elif call.state is State.TALKING and call.consult is None:
        legs = [customer, *together]
        if any(leg.place in APART for leg in legs):
            yield from gather(call, legs, view.at)


def _sent_again(board: Board, call: Call, view: View) -> Wishes:
    """The legs that stand elsewhere than they were sent; two that still talk with one another go at once."""
    wanted = [(leg, spot) for leg in call.live() if leg.id in view.legs and (spot := _spot(call, leg)) is not None]
    lost = [(leg, spot) for leg, spot in wanted if _is_astray(leg, spot, view.legs[leg.id])]
    while lost:
        leg, spot = lost.pop(0)
        partner = _partner(board, call, leg, view)
        other = next((one for one in lost if one[0] is partner), None)
        if other is not None:
            lost.remove(other)
            yield from move_two(call, (leg, spot, leg.place), (other[0], other[1], other[0].place), view.at)
        elif partner is None:
            yield from move(call, leg, spot, leg.place, view.at)


def _partner(board: Board, call: Call, leg: Leg, view: View) -> Leg | None:
    """With whom a leg talks in a Dial, so that neither can be moved without the other."""
    here = view.legs[leg.id]
    if here.place == "cti-room" or not here.bridge:
        return None
    with_it = [
        one for one in call.live() if one is not leg and one.id in view.legs and view.legs[one.id].bridge == here.bridge
    ]
    return next((one for one in with_it if has_part(board, call, one)), None)


def _is_astray(leg: Leg, spot: Spot, seen: ev.LegSeen) -> bool:
    here = place_of(seen)
    if here is None or here == "after":
        return False
    return here != SAME.get(leg.place, leg.place) or seen.spot not in ("", _written(spot))


def _written(spot: Spot) -> str:
    """A place within a place, as `LegSeen.spot` has it."""
    match spot.kind:
        case "room" | "aside":
            return f"{'m' if spot.marked else 'u'}_{spot.word}{'-2' if spot.kind == 'aside' else ''}"
        case "listen" | "whisper":
            return f"{spot.kind}_{spot.word}"
    return spot.kind


def _spot(call: Call, leg: Leg) -> Spot | None:
    """Where in the dialplan the place of this leg is; None where it goes by itself, or has never been sent."""
    match leg.place:
        case "room":
            return room_of(call, leg)
        case "aside":
            return Spot("aside", call.id, marked=True)
        case "hold":
            return HOLD if leg is call.customer else OTHER
        case "alone":
            return ALONE
        case "after" | "spare" as kind:
            return Spot(kind)
        case "spy":
            watch = watch_of(call, AgentNo(leg.agent_no or ""))
            return None if watch is None or watch.mode not in ("listen", "whisper") else Spot(watch.mode, watch.of)
    return None


def _released(board: Board, call: Call, view: View) -> Iterator[Effect]:
    """Agents whose part is over, and who are on the line still; one in a Dial goes when the customer is taken away.
    And phones that ring to join a talk, of which a restart has forgotten why."""
    for leg in call.live("agent", "supervisor"):
        here = view.legs.get(leg.id)
        if here is None or has_part(board, call, leg):
            continue
        if here.state == "Up" and here.place in PLACES:
            yield HangUp(call.id, leg.address, released=True)
        elif here.state != "Up" and not leg.place and not view.was_up:
            yield HangUp(call.id, leg.address)
