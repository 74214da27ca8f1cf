"""Legs as a snapshot shows them: where they stand, which have gone, and which are nobody's any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cti import events as ev
from cti.board import Board
from cti.control import astray
from cti.control import events as ce
from cti.control.astray import PLACES, View
from cti.effects import Effect, HangUp
from cti.ids import AgentNo, CallId
from cti.records import Call, State

DIALLED: Final = frozenset({"cti-agents", "cti-trunk", "cti-leg", "cti-customer", "cti-call"})
"""Where a leg stands that another one dials."""
OWN_WAY: Final = ("after", "out")
"""Places into which the dialplan takes a customer by itself."""


def unknown(seen: ev.LegSeen) -> bool:
    """A customer whose call nobody remembers, in a talk: not somebody to be given to an agent."""
    return seen.place in PLACES or (seen.queue is None and seen.place in DIALLED)


def still_dialling(call: Call, event: ev.SnapshotTaken, *, ordered: bool) -> bool:
    """An outbound call whose customer is not there yet lives by its agent's leg, which may just have been ordered."""
    return call.state is State.DIALLING and (ordered or any(one.leg == call.legs[0].id for one in event.legs))


def corrected(board: Board, event: ev.SnapshotTaken, *, was_up: bool) -> Iterator[ev.Event | Effect]:
    view = View({one.leg: one for one in event.legs}, event.at, was_up)
    for call in list(board.calls.values()):
        yield from _placed(call, view)
        if call.legs:
            yield from _gone(call, view)
        if call.id in board.calls and call.state is State.DIALLING:
            yield from _reached(call, view)
        if call.id in board.calls and call.legs:
            yield from astray.put_right(board, call, view)
            yield from _invited(call, view)  # last: what follows from an answer is not to be seen yet
    for one in event.legs:
        if one.call is not None and one.since is None and _orphan(board, one):
            yield HangUp(one.call, one.leg)


def _orphan(board: Board, seen: ev.LegSeen) -> bool:
    """The leg of a call that has ended, or one that no call of ours knows: a supervision that a restart forgot."""
    assert seen.call is not None
    call = board.calls.get(seen.call)
    if call is None or seen.place not in PLACES:
        return seen.place in PLACES
    leg = call.leg(seen.leg)
    if leg is None or leg.ended_at is not None:
        return PLACES[seen.place] != ""  # in a Dial that is just beginning, the news of it is on its way
    return leg.kind == "supervisor" and all(watch.leg != seen.leg for watch in call.watches)


def _placed(call: Call, view: View) -> Iterator[ev.Event]:
    """Where legs stand of which nobody here knows it, and where the dialplan has taken the customer meanwhile."""
    for leg in call.live():
        place = PLACES.get(view.legs[leg.id].place) if leg.id in view.legs else None
        if place and place != leg.place and (not leg.place or (leg is call.customer and place in OWN_WAY)):
            yield ce.LegPlaced(at=view.at, call=call.id, leg=leg.id, place=place)


def _invited(call: Call, view: View) -> Iterator[ev.Event | Effect]:
    """Phones that were to be called: they ring, they have been answered, or the order has come to nothing."""
    for leg in call.live():
        here = view.legs.get(leg.id)
        if leg.place not in ("invited", "dismissed"):
            continue
        if here is None and not view.in_flight(leg.started_at) and call.state is not State.DIALLING:
            yield ce.LegNotReached(at=view.at, leg=leg.id, why="unreachable")
            yield ce.LegDismissed(at=view.at, call=call.id, leg=leg.id)  # should it ring yet, it is hung up
        elif here is not None and leg.place == "dismissed":
            yield HangUp(call.id, leg.address)
            continue
        elif here is not None and not leg.channel:
            yield ce.LegInvited(at=view.at, leg=leg.id, channel=here.channel)
        if here is not None and here.state == "Up":
            yield ev.LegAnswered(at=view.at, leg=leg.id)


def _gone(call: Call, view: View) -> Iterator[ev.Event]:
    for leg in call.live():
        there = leg.id in view.legs or leg is call.customer or leg.place in ("invited", "dismissed")
        if not there and (leg.answered_at is not None or not view.in_flight(leg.started_at)):
            yield ev.LegEnded(at=view.at, leg=leg.id, cause=16)


def _reached(call: Call, view: View) -> Iterator[ev.Event]:
    own = view.legs.get(call.legs[0].id)
    other = next((one for one in view.legs.values() if one.call == call.id and one.since is not None), None)
    if own is None or other is None or other.device is None:
        return
    if call.leg(other.leg) is None:
        yield ev.LegDialled(at=view.at, leg=own.leg, dialled=other.leg, channel=other.channel, device=other.device)
    if own.bridge and own.bridge == other.bridge:
        agent = AgentNo(call.legs[0].agent_no or "")
        yield ce.CustomerReached(at=view.at, call=CallId(call.id), agent=agent)
