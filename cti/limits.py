"""Feature: callers who have waited enough, who find a full queue or nobody there, are taken elsewhere by its rules.

A rule whose target cannot take the caller leaves them where they are: nobody is lost for a setting. Nobody is sent in
circles either: not to a queue they have just waited in, not twice to the same place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cti import events as ev
from cti.board import Board, Feature, Fold
from cti.calls import advance
from cti.effects import Effect, Forget, HangUp, Later, SendOn, TakeSnapshot, WaitIn
from cti.errors import BadRequest
from cti.ids import Instant, QueueName
from cti.offering import IN_FLIGHT_MS
from cti.personal import OTHERWISE, owner, patience, personal
from cti.queues import Queue
from cti.records import Call, Result, SegmentKind, State
from cti.targets import OVERFLOWS, Target, target
from cti.telling import news_of

SEGMENTS_MOST: Final = 50
"""A call that has been through so many is not sent on any more."""

NOBODY: Final = {"signed_in": "nobody is signed in", "ready": "nobody is ready"}
ENDS_AS: Final = {"number": Result.FORWARDED}

Joining = ev.CallerWaiting | ev.CallOverflowed | ev.CallReturned

# --- folds ---------------------------------------------------------------------------------------------------------


def overflowed(board: Board, event: ev.CallOverflowed) -> None:
    call = board.calls[event.call]
    advance(call, event)
    _leave(board, call)
    call.queue = event.queue
    _join(board, call, event.at)


def sent_on(board: Board, event: ev.CallSentOn) -> None:
    call = board.calls[event.call]
    advance(call, event)
    _leave(board, call)
    call.sent_to = event.target
    call.journey.sent.append(event.target)
    if call.journey.ends_as != Result.DENIED:
        call.journey.ends_as = ENDS_AS.get(target(event.target, OVERFLOWS).kind, Result.OVERFLOWED)
    call.enter(SegmentKind.IVR, event.at)
    board.touch_call(call)


def returned(board: Board, event: ev.CallReturned) -> None:
    call = board.calls.get(event.call)
    if call is None or call.state is not State.IVR or not call.sent_to:
        return
    advance(call, event)
    if call.journey.ends_as != Result.DENIED:
        call.journey.ends_as = ""
    _join(board, call, event.at)


def _leave(board: Board, call: Call) -> None:
    board.queue_for(call.queue).leave(call, call.state_since)
    board.changed_queues[call.queue] = None


def _join(board: Board, call: Call, at: Instant) -> None:
    """Into the line with the time of arrival they came with."""
    call.enter(SegmentKind.WAITING, at)
    board.queue_for(call.queue).join(call)
    board.stirred[call.queue] = None
    board.changed_queues[call.queue] = None
    board.touch_call(call)


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {
    ev.CallOverflowed: overflowed,
    ev.CallSentOn: sent_on,
    ev.CallReturned: returned,
}

# --- what the rules say --------------------------------------------------------------------------------------------


def arrived(board: Board, event: Joining) -> Iterator[ev.Event | Effect]:
    call = board.calls.get(event.call)
    queue = None if call is None else board.queues.get(call.queue)
    if call is None or queue is None or call.state is not State.WAITING or not queue.settings.limited:
        return
    yield from check(board, queue, call, event.at)
    settings = queue.settings
    place = queue.position(call) if settings.max_length and call.queue == queue.name else 0
    if call.state is State.WAITING and place > settings.max_length and queue.choose(call.id, event.at) is None:
        why = f"{queue.name}: {place - 1} wait already, at most {settings.max_length} may"
        yield from _onward(board, call, settings.max_length_target, why, event.at)
    yield from timer(board, call)


def timer(board: Board, call: Call) -> Iterator[Later]:
    queue = board.queues.get(call.queue)
    most = 0 if queue is None else patience(queue.settings, call)
    if queue is not None and call.id in queue.waiting and most:
        joined = call.joined_at
        when = Instant(joined + most * 1000)
        yield Later(f"wait:{call.id}", when, ev.WaitExpired(at=when, call=call.id, joined=joined))


def expired(board: Board, event: ev.WaitExpired) -> Iterator[ev.Event | Effect]:
    """A caller whom somebody is being offered is left alone; the end of the offer looks again."""
    call = board.calls.get(event.call)
    if call is not None and call.state is State.WAITING and call.joined_at == event.joined:
        yield from check(board, board.queue_for(call.queue), call, event.at)


def offer_ended(board: Board, event: ev.OfferEnded) -> Iterator[ev.Event | Effect]:
    call = board.calls[event.call]
    queue = board.queue_for(call.queue)
    if queue.settings.limited and call.state is State.WAITING:
        yield from check(board, queue, call, event.at)


def staffed(board: Board, event: ev.StatusChanged) -> Iterator[ev.Event | Effect]:
    """Somebody went: perhaps they were the last one there."""
    for name in (*board.agents[event.agent].profile.queues, personal(event.agent)):
        queue = board.queues.get(name)
        if queue is not None and queue.line and nobody(queue):
            yield from _check_all(board, queue, event.at)


def corrected(board: Board, event: ev.SnapshotTaken | ev.DirectoryChanged) -> Iterator[ev.Event | Effect]:
    for queue in list(board.queues.values()):
        if queue.settings.limited:
            yield from _check_all(board, queue, event.at)
            for call in list(queue.waiting.values()):
                yield from timer(board, call)


def _check_all(board: Board, queue: Queue, at: Instant) -> Iterator[ev.Event | Effect]:
    for spot in list(queue.line):
        call = queue.waiting.get(spot[2])
        if call is not None and call.state is State.WAITING:
            yield from check(board, queue, call, at)


def nobody(queue: Queue) -> bool:
    """Whether the queue's rule for an empty room applies now."""
    there = {"signed_in": queue.present, "ready": queue.serving}.get(queue.settings.no_agents)
    return there is not None and not there


def check(board: Board, queue: Queue, call: Call, at: Instant) -> Iterator[ev.Event | Effect]:
    settings = queue.settings
    waited, most = at - call.joined_at, patience(settings, call)
    if nobody(queue):
        why = f"{queue.name}: {NOBODY[settings.no_agents]}"
        yield from _onward(board, call, settings.no_agents_target, why, at)
    elif owner(queue.name) in queue.barred.get(call.id, ()):
        why = f"{queue.name}: the agent did not take the call"
        yield from _onward(board, call, settings.no_agents_target, why, at)
    elif most and waited >= most * 1000:
        why = f"{queue.name}: waited {waited / 1000:.0f} s, the longest is {most} s"
        yield from _onward(board, call, settings.max_wait_target, why, at)


def _onward(board: Board, call: Call, text: str, why: str, at: Instant) -> Iterator[ev.Event | Effect]:
    try:
        where = target(text, OVERFLOWS)
    except BadRequest:
        return  # a setting of before there were rules for settings
    if call.state is not State.WAITING or call.nobody_there or len(call.segments) > SEGMENTS_MOST:
        return
    if where.kind == "queue":
        queue = QueueName(where.name)
        if queue in board.queues and queue not in call.waited_in:
            yield ev.CallOverflowed(at=at, call=call.id, queue=queue, why=why)
    elif board.link_up and (text == OTHERWISE or text not in call.journey.sent) and _may_go(board, where):
        yield ev.CallSentOn(at=at, call=call.id, target=text, why=why)


def _may_go(board: Board, where: Target) -> bool:
    """A number that the rules of dialling refuse takes nobody."""
    return where.kind != "number" or board.dialling.allows(where.name)


# --- what follows --------------------------------------------------------------------------------------------------


def moved(board: Board, event: ev.CallOverflowed) -> Iterator[Effect]:
    call = board.calls[event.call]
    queue = board.queue_for(call.queue)
    call.told_queue = call.queue
    yield news_of(call, "overflowed", event.at, target=f"queue:{call.queue}", why=event.why)
    position, waiting = queue.position(call), len(queue.waiting)
    yield news_of(call, "queued", event.at, position=position, waiting_count=waiting, reason=event.why)
    yield WaitIn(call.id, call.customer.channel, call.queue)


def sent(board: Board, event: ev.CallSentOn) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield news_of(call, "overflowed", event.at, target=event.target, why=event.why)
    channel, where = call.customer.channel, target(event.target, OVERFLOWS)
    if where.kind == "hangup":
        yield HangUp(call.id, channel)
    elif where.kind == "number":
        digits, way = board.dialling.allow(where.name), board.dialling.way()
        yield SendOn(call.id, channel, f"number:{digits}", way.shown, digits, way.trunk)
    else:
        yield SendOn(call.id, channel, event.target)


def send_failed(board: Board, event: ev.SendOnFailed) -> Iterator[Effect]:
    """Mostly the caller has just left, and we shall hear of it; if not, somebody has to look."""
    call = board.calls.get(event.call)
    if call is None or call.state is not State.IVR or not call.sent_to:
        return
    if event.at - call.state_since > IN_FLIGHT_MS:
        yield TakeSnapshot(f"call {event.call}: not sent to {call.sent_to}: {event.why}")
        return
    soon = Instant(call.state_since + IN_FLIGHT_MS + 100)
    yield Later(f"wait:{call.id}", soon, ev.SendOnFailed(at=soon, call=call.id, why=event.why))


def over(board: Board, event: ev.AgentAnswered | ev.CallEnded) -> Iterator[Effect]:
    """Nothing of the queue concerns this caller any more."""
    queue = board.queues.get(board.calls[event.call].queue)
    if queue is not None and queue.settings.attends:
        for what in ("wait", "position", "comfort", "widen"):
            yield Forget(f"{what}:{event.call}")


FEATURES: Final[Mapping[type[ev.Event], tuple[Feature, ...]]] = {
    ev.WaitExpired: (expired,),
    ev.SendOnFailed: (send_failed,),
    ev.CallSentOn: (sent,),
}
