"""Feature: who rings next, and what follows when nobody answers."""

from __future__ import annotations

from collections.abc import Iterator

from cti import comfort
from cti import events as ev
from cti.board import Board
from cti.effects import Deliver, Effect, Forget, Later, TakeSnapshot
from cti.ids import Instant, QueueName
from cti.masking import shown_on_phone
from cti.personal import ring_seconds
from cti.queues import Urgency
from cti.recording import keeping
from cti.records import Call, OfferResult, State
from cti.routing import Choice

OVERDUE_MS = 5_000
"""How long after the ring time the dialplan's word may take before we go and look."""

IN_FLIGHT_MS = 2_000
"""An order younger than this may still be on its way while somebody looks."""

BUSY_CAUSES = frozenset({17, 21})
"""Q.850: user busy, call rejected."""


def assign(board: Board, at: Instant) -> Iterator[ev.Event]:
    """Give waiting callers to free agents in every queue where something stirred; the most urgent caller first."""
    if not board.link_up:
        return
    while board.stirred:
        found: tuple[Urgency, Call, Choice] | None = None
        for name in list(board.stirred):
            candidate = _first_match(board, name, at)
            if candidate is None:
                del board.stirred[name]
            elif found is None or candidate[0] < found[0]:
                found = candidate
        if found is None:
            return
        _, call, choice = found
        queue = board.queues[call.queue]
        device = board.agents[choice.agent].device
        assert device is not None, "a routable agent has a device"
        chosen = ev.CallbackTurn if call.nobody_there else ev.AgentChosen
        yield chosen(
            at=at,
            call=call.id,
            agent=choice.agent,
            device=device,
            strategy=queue.settings.strategy,
            reason=f"{queue.name}: {choice.reason}",
        )


def _first_match(board: Board, name: QueueName, at: Instant) -> tuple[Urgency, Call, Choice] | None:
    """The first caller of a queue whom somebody may take, and who that is."""
    queue = board.queues.get(name)
    if queue is None or not queue.pool.entries:
        return None
    for spot in queue.line:
        choice = queue.choose(spot[2], at, board.talks)
        if choice is not None:
            call = queue.waiting[spot[2]]
            return queue.urgency(call, at), call, choice
    return None


def deliver(board: Board, event: ev.AgentChosen) -> Iterator[Effect]:
    call = board.calls[event.call]
    queue = board.queue_for(call.queue)
    settings = queue.settings
    ring = ring_seconds(settings, call)
    if not event.adopted:
        record, announcement = keeping.to_begin(board, call)
        say, whisper = comfort.at_the_join(queue, call, event.agent)
        yield Deliver(
            call.id,
            call.customer.channel,
            len(call.offers),
            event.agent,
            event.device,
            ring,
            record,
            announcement,
            survey=settings.survey,
            say=say,
            whisper=whisper,
            language=comfort.language(call),
            shown=None if _sees_numbers(board, event) else shown_on_phone(call.number, call.name, False),
            queue=call.queue if event.strategy == "transfer" else QueueName(""),
        )
    overdue = Instant(event.at + ring * 1000 + OVERDUE_MS)
    yield Later(f"offer:{call.id}", overdue, ev.OfferOverdue(at=overdue, call=call.id, n=len(call.offers)))


def _sees_numbers(board: Board, event: ev.AgentChosen) -> bool:
    return board.agents[event.agent].profile.sees_numbers


def offer_over(board: Board, event: ev.OfferEnded | ev.AgentAnswered) -> Iterator[Effect]:
    yield Forget(f"offer:{event.call}")


def delivery_ended(board: Board, event: ev.DeliveryEnded) -> Iterator[ev.Event]:
    """The dialplan came back without an answer; say what that means for the offer."""
    call = board.calls.get(event.call)
    offer = call.offer if call is not None else None
    if call is None or offer is None or offer.n != event.n or call.state not in (State.OFFERED, State.RINGING):
        return
    yield ev.OfferEnded(
        at=event.at,
        call=call.id,
        agent=offer.agent_no,
        result=_result(event, rang=offer.ringing_at is not None),
        detail=f"{event.status} q850:{event.cause}",
    )


def _result(event: ev.DeliveryEnded, *, rang: bool) -> OfferResult:
    if event.status == "NOANSWER":
        # A phone that never even rang has not been ignored by its agent: it is not there.
        return OfferResult.NO_ANSWER if rang else OfferResult.FAILED
    if event.status == "BUSY" or event.cause in BUSY_CAUSES:
        return OfferResult.REJECTED
    if event.status == "CANCEL":
        return OfferResult.CANCELLED
    return OfferResult.FAILED


def delivery_failed(board: Board, event: ev.DeliveryFailed) -> Iterator[Effect]:
    """Asterisk refused the order, or its answer is lost. Mostly the caller has just left, and we shall hear of it;
    if not, somebody has to look before anything is decided."""
    call = board.calls.get(event.call)
    offer = call.offer if call is not None else None
    if call is not None and offer is not None and offer.n == event.n and call.state in (State.OFFERED, State.RINGING):
        soon = Instant(max(event.at, offer.offered_at + IN_FLIGHT_MS) + 100)
        yield Later(f"offer:{call.id}", soon, ev.OfferOverdue(at=soon, call=call.id, n=event.n))


def overdue(board: Board, event: ev.OfferOverdue) -> Iterator[Effect]:
    call = board.calls.get(event.call)
    if (
        call is None
        or call.offer is None
        or call.offer.n != event.n
        or call.state not in (State.OFFERED, State.RINGING)
    ):
        return
    again = Instant(event.at + OVERDUE_MS)
    yield Later(f"offer:{call.id}", again, ev.OfferOverdue(at=again, call=call.id, n=event.n))
    yield TakeSnapshot(f"call {event.call}: offer {event.n} is overdue")


def after_offer(board: Board, event: ev.OfferEnded) -> Iterator[ev.Event]:
    """An agent who let it ring out, or whose phone is not there, is not offered calls until they say so."""
    agent = board.agents[event.agent]
    record = agent.record
    interrupted = record.acw_until is not None  # by a pick-up; what is pending waits for the end of after-call work
    if record.pending_status is not None and record.pending_status != "ready":
        if not interrupted:
            yield ev.StatusChanged(
                at=event.at, agent=agent.no, status=record.pending_status, reason=record.pending_reason, why="pending"
            )
    elif event.result == OfferResult.NO_ANSWER:
        yield ev.StatusChanged(at=event.at, agent=agent.no, status="not_ready", reason="no_answer", why="no answer")
    elif event.result == OfferResult.FAILED:
        yield ev.StatusChanged(at=event.at, agent=agent.no, status="not_ready", reason="unreachable", why="no phone")
    elif record.pending_status is not None and not interrupted:
        yield ev.StatusChanged(at=event.at, agent=agent.no, status="ready", reason=None, why="pending")
    if interrupted:
        yield ev.AcwResumed(at=event.at, agent=agent.no)
