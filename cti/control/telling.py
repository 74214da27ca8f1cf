"""Feature: the published events of call control and supervision."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.effects import Effect, News
from cti.ids import AgentNo, Instant
from cti.records import Call, State, Watch
from cti.telling import news_of, waited


def transferred(board: Board, event: ce.CallTransferred) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield news_of(call, "transferred", event.at, by=event.agent, to=event.to, how=event.how)


def requeued(board: Board, event: ce.CallRequeued) -> Iterator[Effect]:
    call = board.calls[event.call]
    if event.passing:
        return
    queue = board.queue_for(call.queue)
    yield news_of(call, "queued", event.at, position=queue.position(call), waiting_count=len(queue.waiting))


def consulted(
    board: Board, event: ce.ConsultBegan | ce.ConsultAnswered | ce.ConsultSwapped | ce.ConsultEnded
) -> Iterator[Effect]:
    """`stage`: asked, answered, customer, other, or how it ended."""
    call = board.calls[event.call]
    match event:
        case ce.ConsultBegan():
            stage = "asked"
        case ce.ConsultAnswered():
            stage = "answered"
        case ce.ConsultSwapped():
            stage = "customer" if event.aside else "other"
        case ce.ConsultEnded():
            stage = event.result
    to = event.target if isinstance(event, ce.ConsultBegan) else call.consult.target if call.consult else ""
    yield news_of(call, "consulted", event.at, by=event.agent, to=to, stage=stage)


def conferenced(board: Board, event: ce.PartyInvited | ce.PartyJoined | ce.ConsultMerged) -> Iterator[Effect]:
    """`stage`: asked, joined, merged."""
    call = board.calls[event.call]
    stage = {ce.PartyInvited: "asked", ce.PartyJoined: "joined", ce.ConsultMerged: "merged"}[type(event)]
    leg = None if isinstance(event, ce.ConsultMerged) else event.leg
    yield news_of(call, "conferenced", event.at, stage=stage, leg=leg)


def attached(board: Board, event: ce.DataAttached) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield news_of(call, "attached", event.at, attached=dict(call.journey.data))


def muted(board: Board, event: ce.LegMuted) -> Iterator[Effect]:
    call = board.calls[event.call]
    leg = call.leg(event.leg)
    yield news_of(call, "muted", event.at, by=None if leg is None else leg.agent_no, muted=event.muted)


def placed(board: Board, event: ce.CallPlaced) -> Iterator[Effect]:
    call = board.calls[event.call]
    call.told = True
    yield news_of(call, "started", event.at)


def rang(board: Board, event: ev.LegRinging) -> Iterator[Effect]:
    """Of an outbound call: `side` agent, then customer."""
    call = board.call_of_leg(event.leg)
    if call is not None and call.state is State.DIALLING:
        side = "agent" if event.leg == call.legs[0].id else "customer"
        leg = call.leg(event.leg)
        yield news_of(call, "ringing", event.at, device=None if leg is None else leg.device, side=side)


def reached(board: Board, event: ce.CustomerReached) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield news_of(call, "answered", event.at, device=call.legs[0].device, waited=waited(call, event.at))


def _supervision(
    board: Board, kind: str, call: Call, at: Instant, supervisor: AgentNo, watch: Watch | None, **more: object
) -> News:
    """Told to the supervisor; and to the agent who is heard, where the tenant wants it so."""
    shape = {} if watch is None else {"mode": watch.mode, "leg": watch.of}
    leg = None if watch is None else call.leg(watch.of)
    heard = call.agent_no if leg is None else leg.agent_no
    data = {"call": call.id, "supervisor": supervisor, "agent_no": call.agent_no, "heard": heard, **shape, **more}
    agents = frozenset({supervisor, heard} if board.tell_supervision and heard is not None else {supervisor})
    return News(f"supervision.{kind}", at, data, call=call.id, agents=agents, queue=call.queue or None)


def _watch(call: Call, event: ce.WatchAnswered | ce.WatchChanged) -> Watch | None:
    return next((one for one in call.watches if one.by == event.agent), None)


def watch_answered(board: Board, event: ce.WatchAnswered) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield _supervision(board, "started", call, event.at, event.agent, _watch(call, event))


def watch_changed(board: Board, event: ce.WatchChanged) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield _supervision(board, "changed", call, event.at, event.agent, _watch(call, event))


def watch_ended(board: Board, event: ce.WatchEnded) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield _supervision(board, "ended", call, event.at, event.agent, None, result=event.result)


def taken(board: Board, event: ce.CallTaken) -> Iterator[Effect]:
    call = board.calls[event.call]
    yield _supervision(board, "ended", call, event.at, event.agent, None, result="intercepted")
