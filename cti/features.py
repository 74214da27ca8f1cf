"""The rules of the house: which fold and which features answer which event, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cti import (
    callbacks,
    comfort,
    disposing,
    journeys,
    limits,
    offering,
    overstaying,
    patience,
    presence,
    reconcile,
    screenpop,
    telling,
    today,
    tracking,
    wrapup,
)
from cti import events as ev
from cti.board import Board, Feature, Rules
from cti.control import table as control
from cti.effects import Effect, Later
from cti.folding import FOLDS
from cti.ids import Instant, QueueName, TenantId
from cti.queues import window_bounds
from cti.recording import keeping

FEATURES: Final[dict[type[ev.Event], tuple[Feature, ...]]] = {}


def _resume_timers(board: Board, event: ev.Started | ev.DirectoryChanged) -> Iterator[Effect]:
    """Timers do not outlive a process; their reasons do."""
    for queue in board.queues.values():
        yield _next_window(board, queue.name, event.at)
    if isinstance(event, ev.DirectoryChanged):
        return
    for agent in board.agents.values():
        record = agent.record
        if record.acw_began is not None and record.acw_until is not None:
            yield wrapup.expiry(agent.no, record.acw_began, record.acw_until)
        if record.desktop and agent.signed_in:
            yield presence.grace(agent.no, event.at)


def _next_window(board: Board, name: QueueName, at: Instant) -> Effect:
    starts = window_bounds(board.queues[name].settings.window, at, board.zone)[1]
    return Later(f"window:{name}", starts, ev.WindowTurned(at=starts, queue=name, starts=starts))


def _window_turned(board: Board, event: ev.WindowTurned) -> Iterator[Effect]:
    if event.queue in board.queues:
        yield _next_window(board, event.queue, event.at)


FEATURES.update(
    {
        **callbacks.FEATURES,
        **journeys.FEATURES,
        **comfort.FEATURES,
        **limits.FEATURES,
        **overstaying.FEATURES,
        **disposing.FEATURES,
        **today.FEATURES,
        ev.Started: (
            _resume_timers,
            comfort.resumed,
            patience.resumed,
            overstaying.resumed,
            disposing.corrected,
            today.next_day,
        ),
        ev.DirectoryChanged: (
            _resume_timers,
            limits.corrected,
            comfort.resumed,
            patience.resumed,
            comfort.music,
            overstaying.resumed,
            disposing.corrected,
        ),
        ev.WindowTurned: (_window_turned,),
        ev.LinkLost: (telling.link_down,),
        ev.SnapshotTaken: (reconcile.reconcile, limits.corrected, comfort.music),
        ev.CallerWaiting: (telling.started, limits.arrived, comfort.arrived, patience.waits),
        ev.CallOverflowed: (limits.moved, limits.arrived, comfort.arrived, patience.waits),
        ev.CallReturned: (limits.arrived, comfort.arrived, patience.waits),
        ev.ChoiceWidened: (patience.waits,),
        ev.LegRinging: (tracking.rang,),
        ev.LegAnswered: (tracking.answered,),
        ev.LegJoined: (tracking.answered,),
        ev.LegHeld: (tracking.held,),
        ev.LegRetrieved: (tracking.held,),
        ev.LegEnded: (tracking.leg_ended,),
        ev.DeliveryEnded: (offering.delivery_ended,),
        ev.DeliveryFailed: (offering.delivery_failed,),
        ev.FallbackSeen: (tracking.fell_back,),
        ev.OfferOverdue: (offering.overdue,),
        ev.StatusAsked: (presence.status_asked,),
        ev.AcwFinishAsked: (wrapup.finish,),
        ev.AcwExpired: (wrapup.expired,),
        ev.HangUpAsked: (presence.hang_up_asked,),
        ev.PopShown: (screenpop.shown,),
        ev.ContactFound: (screenpop.updated,),
        ev.DesktopOpened: (presence.desktop_opened,),
        ev.DesktopClosed: (presence.desktop_closed,),
        ev.GraceExpired: (presence.grace_expired,),
        # decisions: the pop goes out before the order to ring
        ev.AgentChosen: (telling.offered, screenpop.requested, offering.deliver, screenpop.look_up),
        ev.PhoneRinging: (telling.ringing,),
        ev.AgentAnswered: (telling.answered, offering.offer_over, limits.over),
        ev.OfferEnded: (
            telling.offer_ended,
            screenpop.closed,
            offering.offer_over,
            offering.after_offer,
            limits.offer_ended,
        ),
        ev.StatusChanged: (limits.staffed, overstaying.declared),
        ev.CallHeld: (telling.held,),
        ev.CallRetrieved: (telling.retrieved,),
        ev.AgentLeft: (telling.left, screenpop.closed, wrapup.began),
        ev.AcwResumed: (wrapup.began,),
        ev.AcwEnded: (wrapup.ended,),
        ev.DispositionSaid: (disposing.told, wrapup.settled),
        ev.DispositionWaived: (wrapup.settled,),
        ev.CallEnded: (telling.ended, limits.over),
    },
)

for kind, asked in keeping.FEATURES.items():
    FEATURES[kind] = (*asked, *FEATURES.get(kind, ()))  # recording is decided before the order to ring
FEATURES[ev.SnapshotTaken] = (*FEATURES[ev.SnapshotTaken], keeping.corrected)

for kind, asked in control.FEATURES.items():
    FEATURES[kind] = (*FEATURES.get(kind, ()), *asked)
FEATURES[ev.SnapshotTaken] = (*FEATURES[ev.SnapshotTaken], presence.nothing_waits)

RULES: Final = Rules(
    folds={
        **FOLDS,
        **callbacks.FOLDS,
        **journeys.FOLDS,
        **comfort.FOLDS,
        **limits.FOLDS,
        **overstaying.FOLDS,
        **disposing.FOLDS,
        **today.FOLDS,
        **patience.FOLDS,
        **keeping.FOLDS,
        **control.FOLDS,
    },
    features=FEATURES,
    assign=offering.assign,
    closing=telling.closing,
)


def new_board(tenant: TenantId) -> Board:
    return Board(tenant, RULES)
