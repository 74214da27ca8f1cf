"""Feature: what agents declare. Sign-in and out, ready and not ready, desktops that come and go."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.agents import IN_CALL, STATUSES, Agent, Work
from cti.board import Board
from cti.effects import Effect, Forget, HangUp, Later, Recall
from cti.errors import BadRequest, Conflict, DeviceTaken, NoLeg, NotAllowed, NotFound, NotSignedIn, PbxDown
from cti.ids import AgentNo, Instant
from cti.records import OfferResult, State
from cti.wrapup import may_end

GRACE_MS = 60_000
"""How long an agent may be without a desktop before they count as away."""

REASON_MAX = 64


def status_asked(board: Board, event: ev.StatusAsked) -> Iterator[ev.Event]:
    agent = board.agent(event.agent)
    _check(board, agent, event)
    reason = event.reason if event.status == "not_ready" else None
    why = f"by {event.by}" if event.by else ""
    if agent.work in IN_CALL or (agent.work is Work.ACW and (event.status == "not_ready" or event.forced)):
        same = (event.status, reason) == (agent.record.status, agent.record.reason)
        pending = None if same else event.status
        forced = event.forced or (agent.record.pending_forced and pending is not None)
        yield ev.StatusPended(at=event.at, agent=agent.no, status=pending, reason=reason, forced=forced)
        if agent.record.due_call is not None and event.forced and event.status != "not_ready":
            yield ev.DispositionWaived(at=event.at, agent=agent.no, why=f"{event.status} {why}")
        return
    if agent.work is Work.ACW and event.status == "ready":
        may_end(agent)
    yield ev.StatusChanged(
        at=event.at, agent=agent.no, status=event.status, reason=reason, device=event.device, why=why
    )
    if agent.work is Work.ACW:
        yield ev.AcwEnded(at=event.at, agent=agent.no)


def _check(board: Board, agent: Agent, event: ev.StatusAsked) -> None:
    if event.status not in STATUSES:
        raise BadRequest(f"status is one of {', '.join(STATUSES)}, not {event.status!r}")
    if event.reason is not None and (not event.reason.strip() or len(event.reason) > REASON_MAX):
        raise BadRequest(f"reason is 1 to {REASON_MAX} characters")
    if event.forced and not agent.signed_in and event.status != "logged_out":
        raise NotSignedIn(f"agent {agent.no} is not signed in")
    if agent.record.pending_forced and not event.forced and event.status != "logged_out":
        raise NotAllowed("a supervisor has said what comes after this call")
    if event.device is None:
        return
    if event.device not in agent.profile.devices:
        raise NotFound(f"agent {agent.no} has no device {event.device}")
    if event.device == agent.record.device:
        return
    if agent.work in IN_CALL:
        raise Conflict("the device cannot be changed during a call")
    if any(a.signed_in and a.no != agent.no and a.chosen == event.device for a in board.agents.values()):
        raise DeviceTaken(f"device {event.device} is in use by another agent")


def hang_up_asked(board: Board, event: ev.HangUpAsked) -> Iterator[ev.Event | Effect]:
    """An agent ends their part of a talk, or turns an offer down before answering it."""
    call = board.call(event.call)
    offer = call.offer
    is_offered = call.state in (State.OFFERED, State.RINGING) and offer is not None and offer.agent_no == event.agent
    leg = call.agent_leg(event.agent)
    if leg is None and not is_offered:
        raise NoLeg(f"agent {event.agent} has no leg in call {event.call}")
    if not board.link_up:
        raise PbxDown("the link to Asterisk is down")
    if is_offered:
        yield Recall(call.id, call.customer.channel)
        yield ev.OfferEnded(
            at=event.at, call=call.id, agent=event.agent, result=OfferResult.REJECTED, detail="on the screen"
        )
    elif leg is not None:
        yield HangUp(call.id, leg.address)


def desktop_closed(board: Board, event: ev.DesktopClosed) -> Iterator[Effect]:
    agent = board.agents.get(event.agent)
    if agent is not None and agent.signed_in:
        yield grace(event.agent, event.at)


def grace(agent: AgentNo, at: Instant) -> Later:
    until = Instant(at + GRACE_MS)
    return Later(f"grace:{agent}", until, ev.GraceExpired(at=until, agent=agent))


def nothing_waits(board: Board, event: ev.SnapshotTaken) -> Iterator[ev.Event]:
    """What was to follow a call or a supervision that the server has forgotten since follows now."""
    for agent in board.agents.values():
        record = agent.record
        if agent.work is Work.IDLE and record.pending_status is not None:
            status, reason = record.pending_status, record.pending_reason
            yield ev.StatusChanged(at=event.at, agent=agent.no, status=status, reason=reason, why="pending")
        elif agent.work is Work.ACW and record.pending_status == "logged_out" and not record.pending_forced:
            yield ev.AcwEnded(at=event.at, agent=agent.no)


def desktop_opened(board: Board, event: ev.DesktopOpened) -> Iterator[Effect]:
    yield Forget(f"grace:{event.agent}")


def grace_expired(board: Board, event: ev.GraceExpired) -> Iterator[ev.Event]:
    """A call is never touched; the status waits for its end."""
    agent = board.agents.get(event.agent)
    if agent is None or not agent.signed_in:
        return
    if agent.work in IN_CALL:
        if agent.record.pending_status != "logged_out" and not agent.record.pending_forced:
            yield ev.StatusPended(at=event.at, agent=agent.no, status="not_ready", reason="connection_lost")
        return
    yield ev.StatusChanged(
        at=event.at, agent=agent.no, status="not_ready", reason="connection_lost", why="no desktop for a minute"
    )
