"""Feature: the published events. What happened becomes news that agents, supervisors and CRMs read."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.board import Board
from cti.effects import Effect, News
from cti.ids import AgentNo, Instant
from cti.records import Call, State
from cti.shapes import WAITING_SHOWN, agent_shape, call_brief, offer_shape, queue_shape, seconds


def standing(call: Call) -> tuple[object, ...]:
    """What changes in a call's brief."""
    offer = call.offer
    agent = None if offer is None else offer.agent_no
    return (call.state, call.state_since, agent, call.queue, call.priority, call.vip, call.queued_at, call.answered_at)


def news_of(call: Call, kind: str, at: Instant, **data: object) -> News:
    """News of a call, for whom it concerns."""
    call.told_as = standing(call)
    return News(
        f"call.{kind}",
        at,
        {**call_brief(call), **data},
        call=call.id,
        agents=call.concerned,
        queue=call.queue or None,
    )


def waited(call: Call, at: Instant) -> float:
    """Seconds from joining the queue to the answer, or to the end."""
    return seconds(max((call.answered_at or at) - call.queued_at, 0))


def started(board: Board, event: ev.CallerWaiting) -> Iterator[Effect]:
    call = board.calls[event.call]
    if call.told_queue == call.queue:
        return
    if not call.told:
        yield news_of(call, "started", event.at)
    call.told, call.told_queue = True, event.queue
    queue = board.queue_for(call.queue)
    yield news_of(call, "queued", event.at, position=queue.position(call), waiting_count=len(queue.waiting))


def offered(board: Board, event: ev.AgentChosen | ev.CallbackTurn) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield news_of(call, "offered", event.at, offer=offer_shape(call.offers[-1]))


def offer_ended(board: Board, event: ev.OfferEnded) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield news_of(call, "offer_ended", event.at, offer=offer_shape(call.offers[-1]))


def ringing(board: Board, event: ev.PhoneRinging) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield news_of(call, "ringing", event.at, device=call.offers[-1].device)


def answered(board: Board, event: ev.AgentAnswered) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield news_of(call, "answered", event.at, device=call.offers[-1].device, waited=waited(call, event.at))


def held(board: Board, event: ev.CallHeld) -> Iterator[Effect]:
    yield news_of(board.calls[event.call], "held", event.at)


def retrieved(board: Board, event: ev.CallRetrieved) -> Iterator[Effect]:
    yield news_of(board.calls[event.call], "retrieved", event.at)


def left(board: Board, event: ev.AgentLeft) -> Iterator[Effect]:
    call = board.calls[event.call]
    before = call.told_as
    told = news_of(call, "left", event.at, agent_no=event.agent, talked=seconds(call.talked(event.agent)))
    call.told_as = before  # it names who left, and not who has the call
    yield told


def ended(board: Board, event: ev.CallEnded) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield news_of(
        call, "ended", event.at, cause=call.cause, waited=waited(call, event.at), talked=seconds(call.talked())
    )


def link_down(board: Board, event: ev.LinkLost) -> Iterator[Effect]:
    yield News("pbx.link_down", event.at, {"reason": event.reason})


def closing(board: Board, at: Instant) -> Iterator[Effect]:
    """At the end of a turn: how each changed agent and queue stands now, once; and a call, if no event has said so."""
    for call in board.touched_calls.values():
        if call.told and call.state is not State.ENDED and call.told_as != standing(call):
            yield news_of(call, "updated", at)
    board.touched_calls.clear()
    for no in board.changed_agents:
        yield agent_news(board, no, at)
    for name in board.changed_queues:
        data = queue_shape(board.queues[name], WAITING_SHOWN)
        yield News("queue.updated", at, data, queue=name)
    board.changed_agents.clear()
    board.changed_queues.clear()


def agent_news(board: Board, no: AgentNo, at: Instant) -> News:
    agent = board.agents[no]
    return News("agent.updated", at, agent_shape(agent), call=agent.call, agents=frozenset((no,)))
