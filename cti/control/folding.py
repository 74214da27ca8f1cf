"""How the events of call control change the board, and nothing else: no decisions and no wishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cti import events as ev
from cti import today
from cti.board import Board, Fold
from cti.calls import advance
from cti.control import events as ce
from cti.ids import AgentNo, DeviceName, Instant, LegId, OfferId, QueueName
from cti.records import Call, Consult, Leg, Offer, OfferResult, SegmentKind, State, Watch


def outside(board: Board, device: DeviceName) -> bool:
    """Whether this is a way to the outside world, whatever Asterisk calls it: it is nobody's phone."""
    return device not in board.owners


def _spoken_for(board: Board, call: Call, agent: AgentNo) -> None:
    found = board.agents[agent]
    found.call, found.caller = call.id, (call.number, call.name)
    board.touch(found)
    board.touch_call(call)


def _free(board: Board, call: Call, agent: AgentNo) -> None:
    found = board.agents[agent]
    found.call = found.caller = None
    board.touch(found)
    board.touch_call(call)


def _aside(call: Call, agent: AgentNo) -> Offer | None:
    return next((one for one in reversed(call.offers) if one.agent_no == agent), None)


def _add_leg(board: Board, call: Call, leg: Leg) -> None:
    call.legs.append(leg)
    board.legs[leg.id] = call.id
    board.touch_call(call)


# --- legs -----------------------------------------------------------------------------------------------------------


def leg_dialled(board: Board, call: Call, event: ev.LegDialled) -> None:
    """A leg of a call rings another one, and it is no offer: a consultation, an outbound call, or a way out."""
    consult = call.consult
    if consult is not None and consult.leg is None and consult.device == event.device:
        consult.leg = event.dialled
        kind = "party" if consult.agent_no is None else "agent"
        leg = Leg(
            event.dialled, event.channel, kind, event.at, device=event.device, agent_no=consult.agent_no, place="asked"
        )
        _add_leg(board, call, leg)
    elif call.state is State.DIALLING and event.leg == call.legs[0].id:
        _add_leg(board, call, Leg(event.dialled, event.channel, "customer", event.at, device=event.device))
    elif outside(board, event.device) and call.sent_to.startswith("number:"):
        _add_leg(board, call, Leg(event.dialled, event.channel, "party", event.at, device=event.device))


def leg_answered(board: Board, event: ev.LegAnswered) -> None:
    """The agent's phone of an outbound call; the other side is rung from it now."""
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if call is not None and leg is not None and call.state is State.DIALLING and leg.place == "invited":
        leg.answered_at, leg.place = event.at, "calling"
        board.touch_call(call)


def leg_invited(board: Board, event: ce.LegInvited) -> None:
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if leg is not None:
        leg.channel = event.channel


def leg_not_reached(board: Board, event: ce.LegNotReached) -> None:
    board.unwanted.pop(event.leg, None)
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if call is not None and leg is not None and leg.ended_at is None:
        leg.ended_at = event.at
        board.touch_call(call)


def invite_failed(board: Board, event: ce.InviteFailed) -> None:
    board.unwanted.pop(event.leg, None)


def leg_placed(board: Board, event: ce.LegPlaced) -> None:
    leg = board.calls[event.call].leg(event.leg)
    if leg is not None:
        leg.place = event.place


def leg_dismissed(board: Board, event: ce.LegDismissed) -> None:
    leg = board.calls[event.call].leg(event.leg) if event.call in board.calls else None
    if leg is not None:
        leg.place = "dismissed"
        if not leg.channel:
            board.unwanted[leg.id] = event.call


def leg_muted(board: Board, event: ce.LegMuted) -> None:
    leg = board.calls[event.call].leg(event.leg)
    if leg is not None:
        leg.muted = event.muted


def data_attached(board: Board, event: ce.DataAttached) -> None:
    call = board.calls[event.call]
    call.journey.data.update(event.data)
    board.touch_call(call)


# --- giving the call away -------------------------------------------------------------------------------------------


def call_requeued(board: Board, event: ce.CallRequeued) -> None:
    call = board.calls[event.call]
    if call.queue and call.id in board.queue_for(call.queue).waiting:
        board.queue_for(call.queue).leave(call, event.at)
        board.changed_queues[call.queue] = None
    advance(call, event)
    call.queue = event.queue
    call.priority = call.priority if event.priority is None else event.priority
    for leg in call.live("customer"):
        leg.place = ""
    call.enter(SegmentKind.WAITING, event.at)
    queue = board.queue_for(call.queue)
    queue.join(call)
    if event.bars is not None:
        queue.bar(call.id, event.bars)
    board.stirred[call.queue] = None
    board.changed_queues[call.queue] = None
    board.touch_call(call)


def call_forwarded(board: Board, event: ce.CallForwarded) -> None:
    call = board.calls[event.call]
    advance(call, event)
    call.sent_to = f"number:{event.number}"
    call.customer.place = "out"
    call.enter(SegmentKind.TALKING, event.at)
    board.touch_call(call)


# --- asking somebody ------------------------------------------------------------------------------------------------


def consult_began(board: Board, event: ce.ConsultBegan) -> None:
    call = board.calls[event.call]
    board.agents[event.agent].step(event)
    call.consult = Consult(event.agent, event.target, event.at, event.device, event.colleague)
    board.touch(board.agents[event.agent])
    board.touch_call(call)


def consult_answered(board: Board, event: ce.ConsultAnswered) -> None:
    call = board.calls[event.call]
    assert call.consult is not None
    call.consult.answered_at = event.at
    leg = call.leg(call.consult.leg) if call.consult.leg is not None else None
    if leg is not None:
        leg.answered_at = event.at
    board.touch_call(call)


def consult_swapped(board: Board, event: ce.ConsultSwapped) -> None:
    call = board.calls[event.call]
    advance(call, event)
    assert call.consult is not None
    call.consult.aside = event.aside
    call.enter_beside(SegmentKind.TALKING if event.aside else SegmentKind.HELD, event.at, event.agent)
    board.touch_call(call)


def consult_ended(board: Board, event: ce.ConsultEnded) -> None:
    call = board.calls[event.call]
    board.agents[event.agent].step(event)
    if call.state is State.TALKING:  # the customer was being heard
        advance(call, ce.ConsultSwapped(at=event.at, call=call.id, agent=event.agent, aside=False))
    call.consult = None
    board.touch(board.agents[event.agent])
    board.touch_call(call)


def consult_merged(board: Board, event: ce.ConsultMerged) -> None:
    call = board.calls[event.call]
    board.agents[event.agent].step(event)
    advance(call, event)
    asked = call.consult.agent_no if call.consult is not None else None
    offer = _aside(call, asked) if asked is not None else None
    if offer is not None:
        offer.strategy = "conference"
    call.consult = None
    call.enter_beside(SegmentKind.TALKING, event.at, event.agent)
    board.touch(board.agents[event.agent])
    board.touch_call(call)


def customer_handed_over(board: Board, event: ce.CustomerHandedOver) -> None:
    call = board.calls[event.call]
    advance(call, event)
    call.consult = None
    board.touch_call(call)


def party_invited(board: Board, event: ce.PartyInvited) -> None:
    call = board.calls[event.call]
    kind = "party" if event.colleague is None else "agent"
    leg = Leg(event.leg, "", kind, event.at, device=event.device, agent_no=event.colleague, place="invited")
    _add_leg(board, call, leg)


def party_joined(board: Board, event: ce.PartyJoined) -> None:
    call = board.calls[event.call]
    leg = call.leg(event.leg)
    if leg is not None:
        leg.answered_at, leg.place = event.at, "room"
        board.touch_call(call)


def colleague_asked(board: Board, event: ce.ColleagueAsked) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    agent.step(event)
    n = len(call.offers) + 1
    call.offers.append(
        Offer(
            id=OfferId(f"{call.id}.{n}"),
            n=n,
            agent_no=agent.no,
            device=event.device,
            queue=call.queue,
            strategy=event.how,
            reason=f"asked by {event.by}",
            offered_at=event.at,
        ),
    )
    _spoken_for(board, call, agent.no)


def colleague_rang(board: Board, event: ce.ColleagueRang) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    agent.step(event)
    offer = _aside(call, agent.no)
    if offer is not None:
        offer.ringing_at = event.at
    board.touch(agent)
    board.touch_call(call)


def _accepted(call: Call, agent: AgentNo, at: Instant) -> Offer | None:
    offer = _aside(call, agent)
    if offer is not None and offer.result is None:
        offer.result, offer.ended_at = OfferResult.ACCEPTED, at
    leg = call.agent_leg(agent)
    if leg is not None:
        leg.answered_at = leg.answered_at or at
    return offer


def colleague_answered(board: Board, event: ce.ColleagueAnswered) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    agent.step(event)
    _accepted(call, agent.no, event.at)
    call.enter_beside(SegmentKind.CONSULTING, event.at, agent.no)
    board.touch(agent)
    board.touch_call(call)


def colleague_joined(board: Board, event: ce.ColleagueJoined) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    agent.step(event)
    offer = _accepted(call, agent.no, event.at)
    if offer is not None and call.consult is None and offer.strategy == "consult":
        offer.strategy = "transfer"  # the call is theirs now
    call.enter_beside(SegmentKind.TALKING, event.at, agent.no)
    today.count(call, agent)
    board.touch(agent)
    board.touch_call(call)


def colleague_released(board: Board, event: ce.ColleagueReleased) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    agent.step(event)
    call.close_of(agent.no, event.at)
    offer = _aside(call, agent.no)
    if offer is not None and offer.result is None:
        offer.result, offer.ended_at = OfferResult(event.result), event.at
    _free(board, call, agent.no)


def hand_on(board: Board, call: Call, agent: AgentNo) -> None:
    """Whose call it was has left a conference: it is the call of the one who has been in it longest now."""
    if call.offer is None or call.offer.agent_no != agent:
        return
    for offer in call.offers:
        there = board.agents.get(offer.agent_no)
        joined = offer.strategy == "conference" and offer.result is OfferResult.ACCEPTED and offer.agent_no != agent
        if joined and there is not None and there.call == call.id:
            offer.strategy = "transfer"
            return


# --- outbound -------------------------------------------------------------------------------------------------------


def call_placed(board: Board, event: ce.CallPlaced) -> None:
    agent = board.agents[event.agent]
    agent.step(event)
    call = Call(
        id=event.call,
        tenant=board.tenant,
        number=event.number,
        name="",
        dialled=event.number,
        queue=QueueName(""),
        started_at=event.at,
        queued_at=event.at,
        direction=event.direction,
        linkedid=event.leg,
        state=State.DIALLING,
        state_since=event.at,
    )
    board.calls[call.id] = call
    if event.recording:
        call.journey.data["recording"] = event.recording
    leg = Leg(event.leg, "", "agent", event.at, device=event.device, agent_no=agent.no, place="invited")
    _add_leg(board, call, leg)
    call.offers.append(
        Offer(
            id=OfferId(f"{call.id}.1"),
            n=1,
            agent_no=agent.no,
            device=event.device,
            queue=QueueName(""),
            strategy="dial",
            reason=f"dialled by {agent.no}",
            offered_at=event.at,
        ),
    )
    call.enter(SegmentKind.RINGING, event.at, agent.no)
    _spoken_for(board, call, agent.no)


def customer_reached(board: Board, event: ce.CustomerReached) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    agent.step(event)
    advance(call, event)
    call.answered_at = event.at
    call.customer.answered_at = call.customer.answered_at or event.at
    _accepted(call, agent.no, event.at)
    call.legs[0].place = ""
    queue = board.queues.get(call.queue)
    if queue is not None and call.id in queue.waiting:  # a callback's turn has come
        queue.leave(call, event.at)
        queue.count_offer(agent.no, max(event.at - call.offers[-1].offered_at, 0))
        queue.figures_of(agent.no).calls += 1
        board.touch_figures(queue.figures_of(agent.no))
        board.changed_queues[call.queue] = None
    call.enter(SegmentKind.TALKING, event.at, agent.no)
    today.count(call, agent)
    board.touch(agent)
    board.touch_call(call)


def placing_ended(board: Board, event: ce.PlacingEnded) -> None:
    call = board.calls[event.call]
    board.agents[event.agent].step(event)
    call.offers[-1].result, call.offers[-1].ended_at = OfferResult.CANCELLED, event.at
    _free(board, call, event.agent)


def acw_extended(board: Board, event: ce.AcwExtended) -> None:
    agent = board.agents[event.agent]
    record = agent.record
    if record.acw_until is not None:
        record.acw_until = Instant(max(record.acw_until, event.at) + event.seconds * 1000)
        board.touch(agent, record=True)


# --- supervision ----------------------------------------------------------------------------------------------------


def watch_began(board: Board, event: ce.WatchBegan) -> None:
    call = board.calls[event.call]
    board.agents[event.agent].step(event)
    call.watches.append(Watch(event.agent, event.mode, event.leg, event.of, event.at, follow=event.follow))
    leg = Leg(event.leg, "", "supervisor", event.at, device=event.device, agent_no=event.agent, place="invited")
    _add_leg(board, call, leg)
    _spoken_for(board, call, event.agent)


def watch_of(call: Call, agent: AgentNo) -> Watch | None:
    return next((one for one in call.watches if one.by == agent), None)


def watch_answered(board: Board, event: ce.WatchAnswered) -> None:
    call = board.calls[event.call]
    watch = watch_of(call, event.agent)
    if watch is not None:
        watch.answered_at = event.at
        leg = call.leg(watch.leg)
        if leg is not None:
            leg.answered_at = event.at
        board.touch_call(call)


def watch_changed(board: Board, event: ce.WatchChanged) -> None:
    watch = watch_of(board.calls[event.call], event.agent)
    if watch is not None:
        watch.mode, watch.of, watch.follow = event.mode, event.of, event.follow or watch.follow


def watch_ended(board: Board, event: ce.WatchEnded) -> None:
    call = board.calls[event.call]
    board.agents[event.agent].step(event)
    call.watches = [one for one in call.watches if one.by != event.agent]
    _free(board, call, event.agent)


def call_taken(board: Board, event: ce.CallTaken) -> None:
    call, agent = board.calls[event.call], board.agents[event.agent]
    agent.step(event)
    advance(call, event)
    watch = watch_of(call, agent.no)
    leg = call.leg(watch.leg) if watch is not None else None
    if leg is not None:
        leg.kind, leg.place = "agent", "room"
        n = len(call.offers) + 1
        call.offers.append(
            Offer(
                id=OfferId(f"{call.id}.{n}"),
                n=n,
                agent_no=agent.no,
                device=leg.device or DeviceName(""),
                queue=call.queue,
                strategy="intercept",
                reason=f"taken over by {agent.no}",
                offered_at=event.at,
                ended_at=event.at,
                result=OfferResult.ACCEPTED,
            ),
        )
    call.watches = [one for one in call.watches if one.by != agent.no]
    call.enter_beside(SegmentKind.TALKING, event.at, agent.no)
    today.count(call, agent)
    board.touch(agent)
    board.touch_call(call)


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {
    ev.LegAnswered: leg_answered,
    ce.LegInvited: leg_invited,
    ce.LegNotReached: leg_not_reached,
    ce.InviteFailed: invite_failed,
    ce.LegPlaced: leg_placed,
    ce.LegDismissed: leg_dismissed,
    ce.LegMuted: leg_muted,
    ce.DataAttached: data_attached,
    ce.CallRequeued: call_requeued,
    ce.CallForwarded: call_forwarded,
    ce.ConsultBegan: consult_began,
    ce.ConsultAnswered: consult_answered,
    ce.ConsultSwapped: consult_swapped,
    ce.ConsultEnded: consult_ended,
    ce.ConsultMerged: consult_merged,
    ce.CustomerHandedOver: customer_handed_over,
    ce.PartyInvited: party_invited,
    ce.PartyJoined: party_joined,
    ce.ColleagueAsked: colleague_asked,
    ce.ColleagueRang: colleague_rang,
    ce.ColleagueAnswered: colleague_answered,
    ce.ColleagueJoined: colleague_joined,
    ce.ColleagueReleased: colleague_released,
    ce.CallPlaced: call_placed,
    ce.CustomerReached: customer_reached,
    ce.PlacingEnded: placing_ended,
    ce.AcwExtended: acw_extended,
    ce.WatchBegan: watch_began,
    ce.WatchAnswered: watch_answered,
    ce.WatchChanged: watch_changed,
    ce.WatchEnded: watch_ended,
    ce.CallTaken: call_taken,
}

__all__ = ["FOLDS", "LegId", "leg_dialled", "outside", "watch_of"]
