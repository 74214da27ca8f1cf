"""What became of our orders: a leg that came too late, a leg that would not move, a status that waited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cti import comfort, limits, patience
from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.effects import Effect, HangUp, Later, TakeSnapshot
from cti.ids import Instant
from cti.offering import IN_FLIGHT_MS

HEARD_MS: Final = 200
"""How long the news that a leg has hung up may take after an order for it was refused."""
OVERTAKEN_MS: Final = 500
"""How long the news of a leg may take after the answer to its Originate, which Asterisk tells by a shorter way."""


def invited(board: Board, event: ce.LegInvited) -> Iterator[Effect]:
    """A phone begins to ring for a call that has ended between the order and the ringing: nobody wants it any more."""
    call = board.unwanted.pop(event.leg, None)
    if call is not None:
        yield HangUp(call, event.leg)


def not_begun(board: Board, event: ce.InviteFailed) -> Iterator[ev.Event | Effect]:
    """Only of a leg that never was a channel nothing else is heard; the answer to the order may overtake the rest."""
    call = board.call_of_leg(event.leg)
    leg = call.leg(event.leg) if call is not None else None
    if leg is None or leg.ended_at is not None or leg.channel:
        return
    if event.again:
        yield ce.LegNotReached(at=event.at, leg=event.leg, why="unreachable")
    else:
        at = Instant(event.at + OVERTAKEN_MS)
        yield Later(f"unbegun:{event.leg}", at, ce.InviteFailed(at=at, leg=event.leg, again=True))


def waits_again(board: Board, event: ce.CallRequeued) -> Iterator[ev.Event | Effect]:
    """What a queue does for whoever joins it: limits, announcements, patience."""
    if not event.passing:
        joined = ev.CallReturned(at=event.at, call=event.call)
        yield from limits.arrived(board, joined)
        yield from comfort.arrived(board, joined)
        yield from patience.waits(board, joined)


def failed(board: Board, event: ce.OrderFailed) -> Iterator[Effect]:
    """Mostly the leg has just hung up, and we shall hear of it in a moment; if not, somebody has to look."""
    if event.call in board.calls or event.hang_up:
        yield _look(event, HEARD_MS)


def doubted(board: Board, event: ce.CallDoubted) -> Iterator[Effect]:
    """What is seen at the first look may be older than an order on its way, so there is a second one."""
    if event.call in board.calls or event.hang_up:
        yield TakeSnapshot(f"call {event.call}: {event.why}")
        if not event.again:
            yield _look(event, IN_FLIGHT_MS + 100, again=True)


def _look(event: ce.OrderFailed | ce.CallDoubted, after: int, *, again: bool = False) -> Later:
    at = Instant(event.at + after)
    doubted = ce.CallDoubted(at=at, call=event.call, why=event.why, hang_up=event.hang_up, again=again)
    return Later(f"{'gone' if event.hang_up else 'look'}:{event.call}", at, doubted)


def released(board: Board, event: ce.ColleagueReleased | ce.PlacingEnded | ce.WatchEnded) -> Iterator[ev.Event]:
    """After-call work that this interrupted goes on; else a status asked for meanwhile applies, as after an offer."""
    record = board.agents[event.agent].record
    if record.acw_until is not None:
        yield ev.AcwResumed(at=event.at, agent=event.agent)
    elif record.pending_status is not None:
        yield ev.StatusChanged(
            at=event.at,
            agent=event.agent,
            status=record.pending_status,
            reason=record.pending_reason,
            why="pending",
        )
