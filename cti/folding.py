"""How each event changes the board, and nothing else: no decisions and no wishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cti import events as ev
from cti import today
from cti.agents import IN_CALL
from cti.board import Board, Fold
from cti.calls import advance
from cti.control import folding as control
from cti.directory import apply_directory, start
from cti.disposing import due_after
from cti.ids import AgentNo, Instant, OfferId
from cti.queues import Queue
from cti.records import Call, Figures, Leg, Offer, OfferResult, Result, SegmentKind, State, Tally

BARRING: Final = (OfferResult.NO_ANSWER, OfferResult.REJECTED)
"""After these a call does not ring the same agent again; a phone that was not there may be by then."""


def caller_waiting(board: Board, event: ev.CallerWaiting) -> None:
    known = board.calls.get(event.call)
    if known is not None:
        if known.state is State.IVR:
            _joins(board, known, event)
        return  # or told twice: once by a snapshot, once by the events that led to it
    vip_priority = board.vips.get(event.number) if event.screened else None
    call = Call(
        id=event.call,
        tenant=board.tenant,
        number=event.number,
        name=event.name,
        dialled=event.dialled,
        queue=event.queue,
        started_at=event.since,
        queued_at=event.since,
        priority=max(event.priority, vip_priority or 0),
        skills=dict(event.skills or {}),
        vip=vip_priority is not None,
        linkedid=event.linkedid,
        state_since=event.since,
        legs=[Leg(event.leg, event.channel, "customer", event.since, answered_at=event.since)],
    )
    call.enter(SegmentKind.WAITING, event.since)
    board.calls[call.id] = call
    board.legs[event.leg] = call.id
    board.queue_for(call.queue).join(call)
    board.stirred[call.queue] = None
    board.changed_queues[call.queue] = None
    board.touch_call(call)


def _joins(board: Board, call: Call, event: ev.CallerWaiting) -> None:
    """A caller comes out of a flow into a queue."""
    advance(call, event)
    if call.queue != event.queue:  # else a flow, or an offer to be called back, brings the caller back: the old place
        call.queued_at = call.arrived_in(event.queue) or event.at
        call.queue = event.queue
    if call.journey.ends_as != Result.DENIED:
        call.journey.ends_as = ""
    call.rank(event.priority)
    call.skills = dict(event.skills or {}) or call.skills
    call.customer.answered_at = call.customer.answered_at or event.at
    call.enter(SegmentKind.WAITING, event.at)
    board.queue_for(call.queue).join(call)
    board.stirred[call.queue] = None
    board.changed_queues[call.queue] = None
    board.touch_call(call)


def leg_dialled(board: Board, event: ev.LegDialled) -> None:
    call = board.call_of_leg(event.leg)
    if call is None or event.dialled in board.legs:
        return
    offer = call.offer
    if 0 < event.n <= len(call.offers) and call.offers[event.n - 1] is not offer:
        return  # rung for an offer that has ended meanwhile; it stops by itself
    offered = offer is not None and offer.result is None and offer.device == event.device
    if offer is None or not offered or call.consult is not None or event.leg != call.customer.id:
        control.leg_dialled(board, call, event)  # by an agent, or for an offer that has ended meanwhile
        return
    call.legs.append(
        Leg(event.dialled, event.channel, "agent", event.at, device=event.device, agent_no=offer.agent_no),
    )
    board.legs[event.dialled] = call.id


def leg_ended(board: Board, event: ev.LegEnded) -> None:
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if call is not None and leg is not None and leg.ended_at is None:
        leg.ended_at = event.at
        leg.cause = event.cause


def device_changed(board: Board, event: ev.DeviceChanged) -> None:
    board.devices[event.device] = event.state
    owner = board.owners.get(event.device)
    if owner is not None:
        agent = board.agents[owner]
        before = (agent.device, agent.reachable, agent.routable)
        agent.find_device(board.devices)
        if (agent.device, agent.reachable, agent.routable) != before:
            board.touch(agent)


def agent_chosen(board: Board, event: ev.AgentChosen) -> None:
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
    agent.call = call.id
    agent.caller = (call.number, call.name)
    queue.pool.last = agent.no
    queue.take_from_line(call, event.at)
    board.touch(agent)
    board.changed_queues[call.queue] = None
    board.touch_call(call)


def phone_ringing(board: Board, event: ev.PhoneRinging) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    agent.step(event)
    advance(call, event)
    call.offers[-1].ringing_at = event.at
    call.enter(SegmentKind.RINGING, event.at, agent.no)
    board.touch(agent)
    board.touch_call(call)


def agent_answered(board: Board, event: ev.AgentAnswered) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    queue = board.queue_for(call.queue)
    agent.step(event)
    advance(call, event)
    offer = call.offers[-1]
    offer.result, offer.ended_at = OfferResult.ACCEPTED, event.at
    if call.answered_at is None:
        call.answered_at = event.at
        queue.count_answer(call, event.at)
    leg = call.leg(event.leg)
    if leg is not None:
        leg.answered_at = leg.answered_at or event.at
    call.enter(SegmentKind.TALKING, event.at, agent.no)
    today.count(call, agent)
    queue.leave(call, event.at)
    board.remember_talk(call.number, agent.no, event.at)
    queue.count_offer(agent.no, max(event.at - offer.offered_at, 0))
    figures = queue.figures_of(agent.no)
    figures.calls += 1
    board.touch_figures(figures)
    board.touch(agent)
    board.changed_queues[call.queue] = None
    board.touch_call(call)


def offer_ended(board: Board, event: ev.OfferEnded) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    queue = board.queue_for(call.queue)
    agent.step(event)
    advance(call, event)
    offer = call.offers[-1]
    offer.result, offer.ended_at, offer.detail = OfferResult(event.result), event.at, event.detail
    if offer.ringing_at is not None:
        call.enter(SegmentKind.WAITING, event.at)
    if offer.result in (OfferResult.NO_ANSWER, OfferResult.REJECTED):
        queue.count_offer(agent.no, queue.settings.ring_seconds * 1000)
        board.touch_figures(queue.figures_of(agent.no))
    if offer.result in BARRING:
        queue.bar(call.id, agent.no)
    for leg in call.live("agent"):
        if leg.agent_no == agent.no and leg.answered_at is None:
            leg.place = "over"  # should it be answered yet, it is not for the next offer
    queue.hand_back(call)
    board.stirred[call.queue] = None
    agent.call = agent.caller = None
    board.touch(agent)
    board.changed_queues[call.queue] = None
    board.touch_call(call)


def call_held(board: Board, event: ev.CallHeld | ev.CallRetrieved) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    agent.step(event)
    advance(call, event)
    kind = SegmentKind.HELD if isinstance(event, ev.CallHeld) else SegmentKind.TALKING
    call.enter_beside(kind, event.at, agent.no)
    board.touch(agent)
    board.touch_call(call)


def agent_left(board: Board, event: ev.AgentLeft) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    agent.step(event)
    call.close_of(agent.no, event.at)
    acw_ms = 0
    if call.queue:
        queue = board.queue_for(call.queue)
        figures = queue.figures_of(agent.no)
        figures.talk_ms += call.talked(agent.no)
        acw_ms = queue.settings.acw_seconds * 1000
        queue.pace.took(handling(call, agent.no) + acw_ms)
        board.touch_figures(figures)
    control.hand_on(board, call, agent.no)
    record = agent.record
    record.idle_since = event.at
    record.acw_began = event.at
    record.acw_until = Instant(max(event.at + acw_ms, record.acw_until or 0))  # one that was interrupted goes on
    due = due_after(board, call, agent.no)
    if due[0] is not None or record.due_call is None:
        record.due_call, record.due_queue = due
    agent.call = agent.caller = None
    board.touch(agent, record=True)
    board.touch_call(call)


def handling(call: Call, agent: AgentNo) -> int:
    """Milliseconds an agent was busy with a call, from the offer on."""
    taken = next((o for o in reversed(call.offers) if o.agent_no == agent and o.ended_at is not None), None)
    ringing = 0 if taken is None or taken.ended_at is None else taken.ended_at - taken.offered_at
    return ringing + call.talked(agent)


def acw_resumed(board: Board, event: ev.AcwResumed) -> None:
    agent = board.agents[event.agent]
    agent.step(event)
    board.touch(agent)


def acw_ended(board: Board, event: ev.AcwEnded) -> None:
    agent = board.agents[event.agent]
    agent.step(event)
    agent.record.acw_began = agent.record.acw_until = None
    agent.record.due_call = agent.record.due_queue = None
    board.touch(agent, record=True)


def fallback_taken(board: Board, event: ev.FallbackTaken) -> None:
    call = board.calls[event.call]
    advance(call, event)
    call.close_segment(event.at)
    queue = board.queues.get(call.queue)
    if queue is not None:
        queue.leave(call, event.at)
        board.changed_queues[call.queue] = None
    board.touch_call(call)


def call_ended(board: Board, event: ev.CallEnded) -> None:
    call = board.calls[event.call]
    advance(call, event)
    call.close_segment(event.at)
    call.result, call.cause, call.ended_at = Result(event.result), event.cause, event.at
    for leg in call.legs:
        leg.ended_at = leg.ended_at or event.at
        board.legs.pop(leg.id, None)
        if leg.place == "invited" and not leg.channel:
            board.unwanted[leg.id] = call.id  # asked for, and not seen yet
    for offer in call.offers:
        if offer.result is None:  # one made aside, of which a restart knew no more
            offer.result, offer.ended_at = OfferResult.CANCELLED, event.at
    queue = board.queues.get(call.queue)
    if queue is not None and call.id in queue.waiting:
        queue.tally.abandoned += call.result is Result.ABANDONED
        queue.leave(call, event.at)
        board.changed_queues[call.queue] = None
    board.touch_call(call)


def status_changed(board: Board, event: ev.StatusChanged) -> None:
    agent = board.agents[event.agent]
    record = agent.record
    signs_in = record.status == "logged_out" and event.status != "logged_out"
    signs_out = record.status != "logged_out" and event.status == "logged_out"
    if (record.status, record.reason) != (event.status, event.reason):
        record.status_since = event.at
        record.over_limit = False
    record.status, record.reason = event.status, event.reason
    agent.recognise(board.reasons)
    record.pending_status = record.pending_reason = None
    record.pending_forced = False
    if event.device is not None or signs_in:
        record.device = event.device
    agent.find_device(board.devices)
    if signs_in or signs_out:
        for queue in (board.queue_for(name) for name in agent.profile.queues):
            if signs_in:
                sign_in(board, queue, event)
            queue.pool.signed_in += 1 if signs_in else -1
    board.touch(agent, record=True)


def sign_in(board: Board, queue: Queue, event: ev.StatusChanged) -> None:
    """The first sign-in of the window starts at the lowest figures of those signed in; later ones keep their own."""
    agent = board.agents[event.agent]
    figures = queue.figures_of(agent.no)
    if figures.signed_in:
        return
    figures.signed_in = True
    if agent.record.idle_since < queue.window_start:
        agent.record.idle_since = event.at
    others = [board.agents[no] for no in queue.members if no != agent.no and board.agents[no].signed_in]
    if others:
        figures.calls = max(figures.calls, min(queue.figures_of(one.no).calls for one in others))
        figures.talk_ms = max(
            figures.talk_ms,
            min(queue.figures_of(one.no).talk_ms + running_talk(board, queue, one.no, event.at) for one in others),
        )
    board.touch_figures(figures)


def running_talk(board: Board, queue: Queue, no: AgentNo, at: Instant) -> int:
    """Milliseconds of the call an agent is in now, as far as it counts for this queue."""
    agent = board.agents[no]
    call = board.calls.get(agent.call) if agent.call is not None else None
    return call.talked(no, at) if call is not None and call.queue == queue.name else 0


def window_turned(board: Board, event: ev.WindowTurned) -> None:
    queue = board.queue_for(event.queue)
    queue.window_start = event.starts
    queue.figures.clear()
    queue.tally = Tally(queue=queue.name)
    board.changed_queues[queue.name] = None
    for no in queue.members:
        if board.agents[no].signed_in:
            queue.figures[no] = Figures(queue=queue.name, agent_no=no, window_start=event.starts, signed_in=True)
            board.touch_figures(queue.figures[no])
    queue.recount(queue.pool.signed_in)
    for no in queue.members:
        queue.rank(board.agents[no])


def status_pended(board: Board, event: ev.StatusPended) -> None:
    agent = board.agents[event.agent]
    agent.record.pending_status, agent.record.pending_reason = event.status, event.reason
    agent.record.pending_forced = event.forced and event.status is not None
    board.touch(agent, record=True)


def desktop_opened(board: Board, event: ev.DesktopOpened) -> None:
    agent = board.agents.get(event.agent)
    if agent is None:
        return
    record = agent.record
    record.desktop = True
    if record.pending_reason == "connection_lost" and agent.work in IN_CALL:
        record.pending_status = record.pending_reason = None
        record.pending_forced = False
        board.touch(agent)
    board.changed_records[agent.no] = None


def desktop_gone(board: Board, event: ev.DesktopClosed | ev.GraceExpired) -> None:
    """Signed out, or given up on: there is nothing left that losing a desktop could mean."""
    agent = board.agents.get(event.agent)
    if agent is not None and (isinstance(event, ev.GraceExpired) or not agent.signed_in):
        agent.record.desktop = False
        board.changed_records[agent.no] = None


def link_lost(board: Board, event: ev.LinkLost) -> None:
    board.link_up = False


def snapshot_taken(board: Board, event: ev.SnapshotTaken) -> None:
    board.devices = dict(event.devices)
    for agent in board.agents.values():
        before = (agent.device, agent.reachable, agent.routable)
        agent.find_device(board.devices)
        if (agent.device, agent.reachable, agent.routable) != before:
            board.touch(agent)


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {
    ev.Started: start,
    ev.DirectoryChanged: apply_directory,
    ev.LinkLost: link_lost,
    ev.SnapshotTaken: snapshot_taken,
    ev.CallerWaiting: caller_waiting,
    ev.LegDialled: leg_dialled,
    ev.LegEnded: leg_ended,
    ev.DeviceChanged: device_changed,
    ev.AgentChosen: agent_chosen,
    ev.PhoneRinging: phone_ringing,
    ev.AgentAnswered: agent_answered,
    ev.OfferEnded: offer_ended,
    ev.CallHeld: call_held,
    ev.CallRetrieved: call_held,
    ev.AgentLeft: agent_left,
    ev.AcwResumed: acw_resumed,
    ev.AcwEnded: acw_ended,
    ev.FallbackTaken: fallback_taken,
    ev.CallEnded: call_ended,
    ev.StatusChanged: status_changed,
    ev.StatusPended: status_pended,
    ev.WindowTurned: window_turned,
    ev.DesktopOpened: desktop_opened,
    ev.DesktopClosed: desktop_gone,
    ev.GraceExpired: desktop_gone,
}
