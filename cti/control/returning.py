"""Legs as a snapshot shows them: where they stand, which have gone, and which are nobody's any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.control.parts import gather, talkers
from cti.effects import Effect, HangUp
from cti.ids import AgentNo, CallId, LegId
from cti.records import Call, State

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
DIALLED: Final = frozenset({"cti-agents", "cti-trunk", "cti-leg", "cti-customer", "cti-call"})
"""Where a leg stands that another one dials."""


def unknown(seen: ev.LegSeen) -> bool:
    """A customer whose call nobody remembers, in a talk: not somebody to be given to an agent."""
    return seen.place in PLACES or (seen.queue is None and seen.place in DIALLED)


def still_dialling(call: Call, event: ev.SnapshotTaken) -> bool:
    """An outbound call whose customer is not there yet lives by its agent's leg."""
    return call.state is State.DIALLING and any(one.leg == call.legs[0].id for one in event.legs)


def corrected(board: Board, event: ev.SnapshotTaken) -> Iterator[ev.Event | Effect]:
    seen = {one.leg: one for one in event.legs}
    for call in list(board.calls.values()):
        yield from _placed(call, seen, event)
        yield from _reunited(call, seen, event)
        if any(leg.place for leg in call.legs) or call.direction != "inbound":
            yield from _gone(call, seen, event)
        if call.id in board.calls and call.state is State.DIALLING:
            yield from _reached(call, seen, event)
    for one in event.legs:
        if one.call is not None and one.since is None and _orphan(board, one):
            yield HangUp(one.call, one.leg)


def _orphan(board: Board, seen: ev.LegSeen) -> bool:
    """The leg of a call that has ended, or of a supervision that a restart forgot."""
    assert seen.call is not None
    call = board.calls.get(seen.call)
    if call is None:
        return seen.place in PLACES
    supervised = any(watch.leg == seen.leg for watch in call.watches)
    return seen.place == "cti-spy" and not supervised


def _placed(call: Call, seen: Mapping[LegId, ev.LegSeen], event: ev.SnapshotTaken) -> Iterator[ev.Event]:
    for leg in call.live():
        place = PLACES.get(seen[leg.id].place) if leg.id in seen else None
        if place is not None and place != leg.place and not (place == "room" and leg.place == "aside"):
            yield ce.LegPlaced(at=event.at, call=call.id, leg=leg.id, place=place)


def _reunited(call: Call, seen: Mapping[LegId, ev.LegSeen], event: ev.SnapshotTaken) -> Iterator[ev.Event | Effect]:
    """They talk, and one stands where nobody hears them: an order to bring them together has come to nothing."""
    if call.state is not State.TALKING or call.consult is not None:
        return
    legs = [call.customer, *talkers(call)]
    if all(leg.id in seen for leg in legs) and any(leg.place in APART for leg in legs):
        yield from gather(call, legs, event.at)


def _gone(call: Call, seen: Mapping[LegId, ev.LegSeen], event: ev.SnapshotTaken) -> Iterator[ev.Event]:
    for leg in call.live():
        if leg.id not in seen and leg.id != call.customer.id and leg.answered_at is not None:
            yield ev.LegEnded(at=event.at, leg=leg.id, cause=16)


def _reached(call: Call, seen: Mapping[LegId, ev.LegSeen], event: ev.SnapshotTaken) -> Iterator[ev.Event]:
    own = seen.get(call.legs[0].id)
    other = next((seen[leg.id] for leg in call.live("customer", "party") if leg.id in seen), None)
    if own is not None and other is not None and own.bridge and own.bridge == other.bridge:
        agent = AgentNo(call.legs[0].agent_no or "")
        yield ce.CustomerReached(at=event.at, call=CallId(call.id), agent=agent)
