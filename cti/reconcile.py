"""Feature: correct the board from what Asterisk says is up, after a start, a lost link, or when something is odd.

The truth about calls is Asterisk's. A call that is up and unknown is adopted; one that is known and no longer up has
ended, and its hang-up handler's last words say how; one that stands elsewhere than the board thinks is moved.
"""

from __future__ import annotations

from collections.abc import Iterator

from cti import callbacks
from cti import events as ev
from cti.agents import Work
from cti.board import Board
from cti.control import events as ce
from cti.control import leaving, returning, unheard
from cti.effects import Effect, News, Recall
from cti.ids import DeviceName, Instant, LegId, QueueName
from cti.offering import IN_FLIGHT_MS, OVERDUE_MS
from cti.personal import ring_seconds
from cti.records import Call, Leg, OfferResult, Result, State
from cti.tracking import IN_TALK, RINGING_OUT, customer_gone

WAITING_ROOM = "cti-wait"
DELIVERY = "cti-deliver"
FALLBACK = "cti-fallback"
ENTRY = "cti-entry"
SAID_MS = 60_000
"""So long may two who have found each other hear words before they are joined."""


def reconcile(board: Board, event: ev.SnapshotTaken) -> Iterator[ev.Event | Effect]:
    was_up = board.link_up
    customers = {seen.call: seen for seen in event.legs if seen.call is not None and seen.since is not None}
    words = {one.call: one for one in sorted(event.last_words, key=lambda one: one.ended_at)}
    for call in list(board.calls.values()):
        ordered = was_up and event.at - call.state_since <= IN_FLIGHT_MS
        if call.nobody_there:
            if not ordered:
                yield from callbacks.after_a_pause(board, call, event, words.pop(call.id, None))
        elif call.id not in customers and not returning.still_dialling(call, event, ordered=ordered):
            yield from _ended_meanwhile(board, call, words.pop(call.id, None), event.at)
    for last in words.values():
        if last.call not in board.calls and last.call not in customers:
            yield from _came_and_went(board, last)
    for seen in customers.values():
        yield from _place(board, seen, event, was_up=was_up)
    yield from returning.corrected(board, event, was_up=was_up)
    board.link_up = True
    board.stirred.update(dict.fromkeys(board.queues))
    if not was_up:
        yield News("pbx.link_up", event.at, {})


def _ended_meanwhile(board: Board, call: Call, last: ev.LastWords | None, now: Instant) -> Iterator[ev.Event | Effect]:
    """A call we knew is gone. Without last words Asterisk itself must have died under it."""
    if last is None:
        yield from customer_gone(board, call, ev.LinkLost(at=now, reason="not up"), Result.PBX_LOST)
        return
    ended = ev.LegEnded(at=max(last.ended_at, call.state_since), leg=call.customer.id, cause=last.cause)
    offer = call.offer
    if last.fell_back:
        yield from customer_gone(board, call, ended, Result.FALLBACK)
        return
    if call.state is State.DIALLING:
        yield from unheard.ended(call, last)
        return
    if last.talked and offer is not None and call.state in RINGING_OUT and last.device == offer.device:
        answered_at = Instant(max(ended.at - last.talked, offer.offered_at))
        leg = call.agent_leg(offer.agent_no) or call.customer
        yield ev.AgentAnswered(at=answered_at, call=call.id, agent=offer.agent_no, leg=leg.id)
    yield from customer_gone(board, call, ended)


def _came_and_went(board: Board, last: ev.LastWords) -> Iterator[ev.Event | Effect]:
    """A caller who came and left while nobody was looking is on record too."""
    if not last.queue:
        yield ev.CallEntered(
            at=last.since,
            call=last.call,
            leg=LegId(last.call),
            channel="",
            linkedid="",
            number=last.number,
            name="",
            dialled=last.dialled,
            since=last.since,
        )
        yield from customer_gone(
            board,
            board.calls[last.call],
            ev.LegEnded(at=last.ended_at, leg=LegId(last.call), cause=last.cause),
            Result.FALLBACK if last.fell_back else None,
        )
        return
    yield ev.CallerWaiting(
        at=last.since,
        call=last.call,
        leg=LegId(last.call),
        channel="",
        linkedid="",
        queue=last.queue,
        number=last.number,
        name="",
        dialled=last.dialled,
        since=last.since,
        priority=0,
        screened=False,
    )
    call = board.calls[last.call]
    if last.talked:
        call.answered_at = Instant(last.ended_at - last.talked)
    ended = ev.LegEnded(at=last.ended_at, leg=call.customer.id, cause=last.cause)
    yield from customer_gone(board, call, ended, Result.FALLBACK if last.fell_back else None)


def _place(board: Board, seen: ev.LegSeen, event: ev.SnapshotTaken, *, was_up: bool) -> Iterator[ev.Event | Effect]:
    assert seen.call is not None
    if seen.call not in board.calls:
        if returning.unknown(seen):
            return
        yield _adopt(seen, event.at)
    call = board.calls[seen.call]
    _rename_customer(board, call, seen)
    if call.state is State.IVR and seen.queue and seen.place in (WAITING_ROOM, DELIVERY):
        yield _adopt(seen, event.at)  # the flow died with the server, and the dialplan took the caller to a queue
    if seen.place == FALLBACK:
        yield from _cancel(call, event.at, "fell back meanwhile")
        if call.state in (State.IVR, State.WAITING):
            yield ev.FallbackTaken(at=event.at, call=call.id)
    elif seen.place == DELIVERY:
        yield from _in_delivery(board, call, seen, event, was_up=was_up)
    elif call.state in RINGING_OUT:
        offer = call.offers[-1]
        if not was_up or event.at - offer.offered_at > IN_FLIGHT_MS:
            yield from _cancel(call, event.at, "not being delivered")
    elif call.state is State.IVR and call.sent_to and seen.place == WAITING_ROOM:
        if not was_up or event.at - call.state_since > IN_FLIGHT_MS:
            yield ev.CallReturned(at=event.at, call=call.id)
    elif call.state in IN_TALK and seen.place == WAITING_ROOM:
        yield from leaving.everybody(board, call, event.at)
        yield ce.CallRequeued(at=event.at, call=call.id, queue=call.queue or seen.queue or QueueName("unknown"))


def _adopt(seen: ev.LegSeen, at: Instant) -> ev.CallerWaiting | ev.CallEntered:
    assert seen.call is not None
    assert seen.since is not None
    if seen.place == ENTRY:
        return ev.CallEntered(
            at=at,
            call=seen.call,
            leg=seen.leg,
            channel=seen.channel,
            linkedid=seen.linkedid,
            number=seen.number,
            name=seen.name,
            dialled=seen.dialled,
            since=seen.since,
            rules=("found under way in Asterisk",),
        )
    return ev.CallerWaiting(
        at=at,
        call=seen.call,
        leg=seen.leg,
        channel=seen.channel,
        linkedid=seen.linkedid,
        queue=seen.queue or QueueName("unknown"),
        number=seen.number,
        name=seen.name,
        dialled=seen.dialled,
        since=seen.since,
        priority=seen.priority,
        screened=seen.screened,
    )


def _rename_customer(board: Board, call: Call, seen: ev.LegSeen) -> None:
    customer = call.customer
    if customer.kind != "customer":
        return  # an outbound call whose customer is just being rung
    if customer.id != seen.leg:
        board.legs.pop(customer.id, None)
        customer.id, customer.channel = seen.leg, seen.channel
        board.touch_call(call)
    board.legs[seen.leg] = call.id


def _cancel(call: Call, at: Instant, why: str) -> Iterator[ev.Event]:
    offer = call.offer
    if offer is not None and call.state in RINGING_OUT:
        yield ev.OfferEnded(at=at, call=call.id, agent=offer.agent_no, result=OfferResult.CANCELLED, detail=why)


def _rung(one: ev.LegSeen, call: Call, customer: ev.LegSeen) -> bool:
    """The leg of the phone that a delivery rings; others in the call supervise, or are on the way out."""
    if one.call != call.id or one.leg == customer.leg or one.device is None:
        return False
    return customer.offer_device is None or one.device == customer.offer_device


def _in_delivery(
    board: Board, call: Call, seen: ev.LegSeen, event: ev.SnapshotTaken, *, was_up: bool
) -> Iterator[ev.Event | Effect]:
    """The caller is with an agent, or on the way to one; find out with whom."""
    theirs = next((one for one in event.legs if _rung(one, call, seen)), None)
    device = theirs.device if theirs is not None else seen.offer_device
    agent = board.agents.get(board.owners[device]) if device is not None and device in board.owners else None
    if call.state is State.WAITING:
        if agent is None or agent.work is not Work.IDLE:
            return  # rings a phone that is nobody's here; the dialplan brings the caller back
        yield ev.AgentChosen(
            at=event.at,
            call=call.id,
            agent=agent.no,
            device=device or DeviceName(""),
            strategy="",
            reason="found under way in Asterisk",
            adopted=True,
        )
    if theirs is not None and agent is not None and call.leg(theirs.leg) is None:
        call.legs.append(
            Leg(theirs.leg, theirs.channel, "agent", event.at, device=device, agent_no=agent.no),
        )
        board.legs[theirs.leg] = call.id
        board.touch_call(call)
    if call.state not in RINGING_OUT:
        return
    offer = call.offers[-1]
    if device is not None and device != offer.device:
        if not was_up or event.at - offer.offered_at > IN_FLIGHT_MS:
            yield Recall(call.id, seen.channel)
            yield from _cancel(call, event.at, "with somebody else still")
        return
    if theirs is not None and seen.bridge and seen.bridge == theirs.bridge:
        yield ev.AgentAnswered(at=event.at, call=call.id, agent=offer.agent_no, leg=theirs.leg)
    elif theirs is not None and theirs.state == "Ringing" and call.state is State.OFFERED:
        yield ev.PhoneRinging(at=event.at, call=call.id, agent=offer.agent_no)
    longest = ring_seconds(board.queue_for(call.queue).settings, call) * 1000 + OVERDUE_MS
    if theirs is not None and theirs.state == "Up":
        longest += SAID_MS
    if call.state in RINGING_OUT and event.at - offer.offered_at > longest:
        yield Recall(call.id, seen.channel)
        yield from _cancel(call, event.at, "rang far too long")
