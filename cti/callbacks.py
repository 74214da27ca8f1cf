"""Feature: callbacks 回呼. Whoever asks for one keeps their place in the queue without staying on the line.

A callback is a call without legs that waits like any other. When its turn comes the agent's phone rings first, and only
an agent who answers lets the customer's ring, once: a callback whose customer has been dialled never goes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cti import events as ev
from cti import screenpop, telling
from cti.board import Board, Feature, Fold
from cti.calls import advance
from cti.control import events as ce
from cti.control import unheard
from cti.control.effects import Invite, Spot
from cti.effects import Effect
from cti.errors import RefusedByPolicy, WrongState
from cti.ids import Instant, LegId, OfferId
from cti.masking import shown_on_phone
from cti.recording import keeping
from cti.records import CALLBACK, Call, Leg, Offer, OfferResult, Result, SegmentKind, State

CUSTOMER_SECONDS: Final = 45
BARRING: Final = (OfferResult.NO_ANSWER, OfferResult.REJECTED)


# --- folds ---------------------------------------------------------------------------------------------------------


def asked(board: Board, event: ev.CallbackAsked) -> None:
    """Whoever asks in a call keeps what that call had: the time of arrival, the rank, what is needed and collected."""
    if event.call in board.calls:
        return
    source = board.calls.get(event.source) or board.ended.get(event.source)
    call = Call(
        id=event.call,
        tenant=board.tenant,
        number=event.number,
        name=event.name,
        dialled=event.number,
        queue=event.queue,
        direction=CALLBACK,
        started_at=event.at,
        queued_at=event.since,
        priority=event.priority,
        linkedid=event.source,
        state_since=event.at,
    )
    call.journey.rules = [f"asked for in call {event.source}"]
    if source is not None:
        call.queued_at, call.vip, call.skills = source.queued_at, source.vip, dict(source.skills)
        call.priority = max(source.priority, event.priority)
        call.journey.language, call.journey.data = source.journey.language, dict(source.journey.data)
    call.journey.data |= event.data
    call.enter(SegmentKind.WAITING, call.queued_at)
    board.calls[call.id] = call
    board.queue_for(call.queue).join(call)
    board.stirred[call.queue] = None
    board.changed_queues[call.queue] = None
    board.touch_call(call)


def turn(board: Board, event: ev.CallbackTurn) -> None:
    """The agent is spoken for, and the leg that will ring is known before it is ordered."""
    call, agent = board.calls[event.call], board.agents[event.agent]
    queue = board.queue_for(call.queue)
    agent.step(event)
    advance(call, event)
    n = len(call.offers) + 1
    call.offers.append(
        Offer(
            id=OfferId(f"{call.id}.{n}"),
            n=n,
            agent_no=agent.no,
            device=event.device,
            queue=call.queue,
            strategy=event.strategy,
            reason=event.reason,
            offered_at=event.at,
        ),
    )
    leg = Leg(LegId(f"{call.id}.{n}"), "", "agent", event.at, device=event.device, agent_no=agent.no, place="invited")
    call.legs = [leg]  # those of earlier tries have ended, and their offers tell of them
    board.legs[leg.id] = call.id
    call.enter(SegmentKind.RINGING, event.at, agent.no)
    agent.call, agent.caller = call.id, (call.number, call.name)
    queue.pool.last = agent.no
    queue.take_from_line(call)
    board.touch(agent)
    board.changed_queues[call.queue] = None
    board.touch_call(call)


def returned(board: Board, event: ev.CallbackReturned) -> None:
    call = board.calls[event.call]
    queue = board.queue_for(call.queue)
    advance(call, event)
    offer = call.offers[-1]
    offer.result, offer.ended_at, offer.detail = OfferResult(event.result), event.at, event.detail
    for leg in call.legs:
        board.legs.pop(leg.id, None)
        if offer.result is OfferResult.CANCELLED:
            board.unwanted[leg.id] = call.id  # nobody has heard its end; should it ring after all, it is hung up
    call.legs = []
    call.recording = None  # nothing has begun, and the next agent may have other rules
    call.enter(SegmentKind.WAITING, event.at)
    if offer.result in BARRING:
        queue.count_offer(offer.agent_no, queue.settings.ring_seconds * 1000)
        board.touch_figures(queue.figures_of(offer.agent_no))
        queue.bar(call.id, offer.agent_no)
    queue.hand_back(call)
    board.stirred[call.queue] = None
    board.changed_queues[call.queue] = None
    board.touch_call(call)


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {
    ev.CallbackAsked: asked,
    ev.CallbackTurn: turn,
    ev.CallbackReturned: returned,
}


# --- features ------------------------------------------------------------------------------------------------------


def checked(board: Board, event: ev.CallbackAsked) -> Iterator[ev.Event | Effect]:
    """A number that may not be dialled is refused at once, and on record."""
    call = board.calls[event.call]
    if call.told:
        return
    call.told, call.told_queue = True, call.queue
    yield telling.news_of(call, "started", event.at)
    try:
        board.dialling.allow(call.number)
    except RefusedByPolicy as refusal:
        yield ev.CallEnded(at=event.at, call=call.id, result=Result.NOT_REACHED, cause=f"refused: {refusal.message}")
        return
    queue = board.queue_for(call.queue)
    position = queue.position(call)
    yield telling.news_of(call, "queued", event.at, position=position, waiting_count=len(queue.waiting))


def order(board: Board, event: ev.CallbackTurn) -> Iterator[ev.Event | Effect]:
    call = board.calls[event.call]
    yield from telling.offered(board, event)
    yield from screenpop.requested(board, event)
    yield from screenpop.look_up(board, event)
    try:
        number = board.dialling.allow(call.number)
    except RefusedByPolicy as refusal:  # allowed when it was asked for, and no more
        yield ce.PlacingEnded(at=event.at, call=call.id, agent=event.agent)
        yield ev.CallEnded(at=event.at, call=call.id, result=Result.NOT_REACHED, cause=f"refused: {refusal.message}")
        return
    sees, way = board.agent(event.agent).profile.sees_numbers, board.dialling.way()
    to = Spot(
        "call_number",
        number=number,
        caller_id=way.shown,
        seconds=CUSTOMER_SECONDS,
        trunk=way.trunk,
        hidden=not sees,
    )
    record, announcement = keeping.to_begin(board, call)
    yield Invite(
        board.tenant,
        call.id,
        call.legs[0].id,
        to,
        event.device,
        shown=shown_on_phone(call.number.lstrip("+"), call.name.replace('"', ""), sees),
        seconds=board.queue_for(call.queue).settings.ring_seconds,
        record=record,
        announcement=announcement,
        language=call.journey.language,
    )


def goes_back(call: Call) -> bool:
    """Whether nobody has dialled the customer: the agent's phone was never answered."""
    return (
        call.nobody_there and call.state is State.DIALLING and len(call.legs) == 1 and call.legs[0].answered_at is None
    )


def back(board: Board, call: Call, at: Instant, result: OfferResult, detail: str) -> Iterator[ev.Event | Effect]:
    """The agent did not take it: the callback waits on, with its old place."""
    no = call.offers[-1].agent_no
    yield ce.PlacingEnded(at=at, call=call.id, agent=no)
    yield ev.CallbackReturned(at=at, call=call.id, result=result, detail=detail)
    yield from telling.offer_ended(board, ev.OfferEnded(at=at, call=call.id, agent=no, result=result))
    yield from screenpop.closed(board, ev.OfferEnded(at=at, call=call.id, agent=no, result=result))
    if result in (OfferResult.NO_ANSWER, OfferResult.FAILED) and board.agents[no].record.status == "ready":
        reason = "no_answer" if result is OfferResult.NO_ANSWER else "unreachable"
        yield ev.StatusChanged(at=at, agent=no, status="not_ready", reason=reason, why="callback")


def agent_gone(board: Board, call: Call, event: ev.LegEnded) -> Iterator[ev.Event | Effect]:
    """The agent's leg has ended before it was answered."""
    result = OfferResult.REJECTED if event.cause in (17, 21) else OfferResult.NO_ANSWER
    yield from back(board, call, event.at, result, f"q850:{event.cause}")


def after_a_pause(
    board: Board, call: Call, event: ev.SnapshotTaken, last: ev.LastWords | None
) -> Iterator[ev.Event | Effect]:
    """What became of a callback while nobody listened. One that may have been dialled is not dialled again."""
    if call.state is not State.DIALLING or any(seen.call == call.id for seen in event.legs):
        return
    dialled = call.id in event.dialled
    if last is not None and (dialled or last.talked):
        yield from unheard.ended(call, last)
    elif dialled or _perhaps_dialled(board, call, event):
        yield ce.PlacingEnded(at=event.at, call=call.id, agent=call.offers[-1].agent_no)
        yield ev.CallEnded(at=event.at, call=call.id, result=Result.NOT_REACHED, cause="unknown: the server was away")
    else:
        yield from back(board, call, event.at, OfferResult.CANCELLED, "the server was away")


def _perhaps_dialled(board: Board, call: Call, event: ev.SnapshotTaken) -> bool:
    """The mark of one that is dialled is written first, so no mark means no ring; unless Asterisk has died since, and a
    mark of its last second with it. Then it counts whether the agent had answered, as far as anybody heard."""
    ordered_at = call.offers[-1].offered_at
    unheard_of = call.legs[0].answered_at is not None or board.began_at > ordered_at
    return event.booted_at > ordered_at and unheard_of


def cancelled(board: Board, event: ev.CallbackCancelAsked) -> Iterator[ev.Event]:
    """Somebody has reached the customer otherwise. One that is being dialled is ended like any call."""
    call = board.call(event.call)
    if not call.nobody_there or call.state is not State.WAITING:
        raise WrongState(f"the call is {call.direction} and {call.state}")
    yield ev.CallEnded(at=event.at, call=call.id, result=Result.CALLBACK, cause=f"cancelled by {event.by}")


FEATURES: Final[Mapping[type[ev.Event], tuple[Feature, ...]]] = {
    ev.CallbackAsked: (checked,),
    ev.CallbackTurn: (order,),
    ev.CallbackCancelAsked: (cancelled,),
}
