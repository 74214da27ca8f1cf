"""Which fold and which features answer the events of call control and supervision; `cti/features.py` adds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cti import events as ev
from cti import screenpop
from cti.board import Feature
from cti.control import (
    answer,
    attach,
    conference,
    consult,
    digits,
    hold,
    mute,
    orders,
    outbound,
    pickup,
    play,
    telling,
    transfer,
    wrapping,
)
from cti.control import events as ce
from cti.control.folding import FOLDS as FOLDS
from cti.supervision import drop, requeue, watch

FEATURES: Final[Mapping[type[ev.Event], tuple[Feature, ...]]] = {
    ce.AnswerAsked: (answer.answer,),
    ce.HoldAsked: (hold.hold,),
    ce.RetrieveAsked: (hold.retrieve,),
    ce.MuteAsked: (mute.mute,),
    ce.DigitsAsked: (digits.send,),
    ce.PlayAsked: (play.play,),
    ce.AttachAsked: (attach.attach,),
    ce.TransferAsked: (transfer.transfer,),
    ce.ConsultAsked: (consult.ask,),
    ce.ConsultCompleteAsked: (consult.complete,),
    ce.ConsultAlternateAsked: (consult.alternate,),
    ce.ConsultCancelAsked: (consult.cancel,),
    ce.ConferenceAsked: (conference.confer,),
    ce.RemoveAsked: (conference.remove,),
    ce.PickUpAsked: (pickup.pick_up,),
    ce.DialAsked: (outbound.dial,),
    ce.AcwExtendAsked: (wrapping.extend,),
    ce.WatchAsked: (watch.watch,),
    ce.WatchStopAsked: (watch.stop,),
    ce.DropAsked: (drop.drop,),
    ce.RequeueAsked: (requeue.requeue,),
    # what Asterisk says
    ce.LegInvited: (orders.invited,),
    ce.LegNotReached: (conference.not_reached, watch.not_reached, outbound.not_reached),
    ce.InviteFailed: (orders.not_begun,),
    ce.DialEnded: (consult.dial_ended, transfer.came_back),
    ce.OrderFailed: (orders.failed,),
    ce.CallDoubted: (orders.doubted,),
    ev.LegRinging: (consult.rang, conference.rang, telling.rang),
    ev.LegAnswered: (consult.answered, outbound.answered, conference.answered, watch.answered),
    ev.LegJoined: (consult.answered, outbound.answered, conference.answered, watch.answered),
    ev.AgentAnswered: (watch.follow,),
    # decisions
    ce.CallTransferred: (telling.transferred,),
    ce.CallRequeued: (telling.requeued, orders.waits_again),
    ce.ConsultBegan: (telling.consulted,),
    ce.ConsultAnswered: (telling.consulted,),
    ce.ConsultSwapped: (telling.consulted,),
    ce.ConsultEnded: (telling.consulted,),
    ce.ConsultMerged: (telling.conferenced,),
    ce.PartyInvited: (telling.conferenced,),
    ce.PartyJoined: (telling.conferenced,),
    ce.ColleagueAsked: (screenpop.requested, screenpop.look_up),
    ce.ColleagueReleased: (screenpop.closed, orders.released),
    ce.DataAttached: (telling.attached,),
    ce.LegMuted: (telling.muted,),
    ce.CallPlaced: (telling.placed,),
    ce.CustomerReached: (telling.reached,),
    ce.PlacingEnded: (orders.released,),
    ce.WatchAnswered: (telling.watch_answered,),
    ce.WatchChanged: (telling.watch_changed,),
    ce.WatchEnded: (telling.watch_ended, orders.released),
    ce.CallTaken: (telling.taken,),
}
