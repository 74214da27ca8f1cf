"""Feature: tell the agent who is calling, before the phone rings; add what is found out later; close the pop."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.effects import Effect, LookUp, News
from cti.ids import AgentNo, CallId, OfferId
from cti.records import CALLBACK, Call
from cti.shapes import seconds


def _news(kind: str, event: ev.Event, call: CallId, agent: AgentNo, offer: OfferId, **data: object) -> News:
    return News(
        f"screen_pop.{kind}",
        event.at,
        {"offer": offer, "agent_no": agent, **data},
        call=call,
        agents=frozenset((agent,)),
    )


def crm_link(template: str, call: Call, agent: AgentNo, offer: OfferId) -> str | None:
    """The tenant's URL template with every value percent-encoded; None when the tenant has none."""
    if not template:
        return None
    values = {"number": call.number, "call": call.id, "queue": call.queue, "agent": agent, "offer": offer}
    link = template
    for name, value in values.items():
        link = link.replace("{" + name + "}", quote(value, safe=""))
    return link


def requested(board: Board, event: ev.AgentChosen | ev.CallbackTurn | ce.ColleagueAsked) -> Iterator[Effect]:
    call = board.calls[event.call]
    offer = call.offers[-1]
    queue = board.queues.get(call.queue)
    yield _news(
        "requested",
        event,
        call.id,
        event.agent,
        offer.id,
        caller={"number": call.number, "name": call.name, "place": None},
        vip=call.vip,
        list="vip" if call.vip else None,
        queue=call.queue,
        queue_title="" if queue is None else queue.settings.title,
        waited=seconds(max(event.at - call.queued_at, 0)),
        direction=call.direction,
        ivr_path=[{"flow": one.flow, "node": one.node, "exit": one.exit} for one in call.journey.path],
        digits={one.node: one.digits for one in call.journey.path if one.digits},
        customer=None,
        contacts=[],
        attached=dict(call.journey.data),
        why=list(call.journey.rules) if call.direction == CALLBACK else [],
        url=crm_link(board.pop_url, call, event.agent, offer.id),
    )


def look_up(board: Board, event: ev.AgentChosen | ev.CallbackTurn | ce.ColleagueAsked) -> Iterator[Effect]:
    """Who called before; asked for after the order to ring, which must not wait for it."""
    call = board.calls[event.call]
    yield LookUp(call.id, call.offers[-1].id, call.number)


def updated(board: Board, event: ev.ContactFound) -> Iterator[Effect]:
    call = board.calls.get(event.call)
    if call is not None and call.offer is not None and call.offer.id == event.offer and event.contacts:
        contacts = [dict(one) for one in event.contacts]
        yield _news("updated", event, call.id, call.offer.agent_no, event.offer, contacts=contacts)


def shown(board: Board, event: ev.PopShown) -> Iterator[Effect]:
    """The receipt. One that comes after the call has ended tells nothing any more."""
    call = board.calls.get(CallId(event.offer.rpartition(".")[0]))
    if call is not None and any(o.id == event.offer and o.agent_no == event.agent for o in call.offers):
        yield _news("shown", event, call.id, event.agent, event.offer)


def closed(board: Board, event: ev.OfferEnded | ev.AgentLeft | ce.ColleagueReleased) -> Iterator[Effect]:
    call = board.calls[event.call]
    offer = next(o for o in reversed(call.offers) if o.agent_no == event.agent)
    why = "ended" if isinstance(event, ev.AgentLeft) else event.result
    yield _news("closed", event, call.id, event.agent, offer.id, why=why)
