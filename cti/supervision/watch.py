"""Listen 监听, whisper 密语, barge 强插: the supervisor's own phone is called once, and its leg goes from mode to mode.

Heard is one agent's leg, by its exact id, also on hold or in a consultation. When that leg ends, supervision follows,
as its supervisor chose: the customer, to whoever has them then, or the agent, out of the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.control.effects import Invite, Spot
from cti.control.folding import watch_of
from cti.control.parts import WITH_CUSTOMER, free_device, gather, link, move, next_leg, talkers, watcher
from cti.effects import Effect, HangUp
from cti.errors import BadRequest, NoLeg, WrongState
from cti.ids import AgentNo, Instant
from cti.records import Call, Leg, State
from cti.supervision.intercept import take

MODES: Final = ("listen", "whisper", "barge", "intercept")
FOLLOWED: Final = ("customer", "agent")
RING_SECONDS: Final = 30
JUST_TAKEN_MS: Final = 3_000


def heard(board: Board, call: Call, supervisor: AgentNo) -> Leg | None:
    """The leg of the agent who has the customer."""
    if call.state not in WITH_CUSTOMER:
        return None
    return next((one for one in talkers(board, call) if one.kind == "agent" and one.agent_no != supervisor), None)


def heard_leg(board: Board, call: Call, supervisor: AgentNo) -> Leg:
    """The same; raises `WrongState` where there is none."""
    found = heard(board, call, supervisor)
    if found is None:
        raise WrongState("no agent is in that call" if call.state in WITH_CUSTOMER else f"the call is {call.state}")
    return found


def watch(board: Board, event: ce.WatchAsked) -> Iterator[ev.Event | Effect]:
    call, supervisor = board.call(event.call), board.agent(event.agent)
    link(board)
    if event.mode not in MODES:
        raise BadRequest(f"the mode is one of {', '.join(MODES)}")
    if event.follow and event.follow not in FOLLOWED:
        raise BadRequest(f"who is followed is one of {', '.join(FOLLOWED)}")
    of = heard_leg(board, call, supervisor.no)
    if event.mode in ("barge", "intercept") and call.state is not State.TALKING:
        raise WrongState("the customer is on hold")
    if event.mode == "intercept" and _is_being_taken(call, supervisor.no, event.at):
        raise WrongState("somebody else is taking that call over")
    mine, leg = watch_of(call, supervisor.no), watcher(call, supervisor.no)
    if mine is None or leg is None:
        yield from _begins(board, event, call, of)
        return
    if mine.answered_at is None:
        raise WrongState("the supervisor's phone is still ringing")
    same = mine.mode == event.mode
    if same and event.follow in ("", mine.follow):
        raise WrongState(f"that is the mode already: {mine.mode}")
    yield ce.WatchChanged(
        at=event.at, call=call.id, agent=supervisor.no, mode=event.mode, of=of.id, follow=event.follow
    )
    if same:
        return
    if event.mode == "intercept":
        yield from take(board, call, supervisor.no, event.at)
    else:
        yield from _goes(board, call, leg, event.mode, of, event)


def _is_being_taken(call: Call, supervisor: AgentNo, at: Instant) -> bool:
    """Or has just been: who wants it in that very moment wants it from the agent, not from a colleague."""
    taken = any(
        one.strategy == "intercept" and one.agent_no != supervisor and at - (one.ended_at or at) < JUST_TAKEN_MS
        for one in call.offers
    )
    return taken or any(one.mode == "intercept" and one.by != supervisor for one in call.watches)


def _goes(board: Board, call: Call, leg: Leg, mode: str, of: Leg, event: ev.Event) -> Iterator[ev.Event | Effect]:
    if mode == "barge":
        yield from gather(call, [*talkers(board, call), call.customer], event.at)
        yield from move(call, leg, Spot("room", call.id), "room", event.at)
    else:
        yield from move(call, leg, Spot(mode, of.id), "spy", event.at)


def _begins(board: Board, event: ce.WatchAsked, call: Call, of: Leg) -> Iterator[ev.Event | Effect]:
    device = free_device(board.agent(event.agent), own=True)
    leg = next_leg(call)
    if event.mode == "barge":
        yield from gather(call, [*talkers(board, call), call.customer], event.at)
    yield ce.WatchBegan(
        at=event.at,
        call=call.id,
        agent=event.agent,
        mode=event.mode,
        leg=leg,
        of=of.id,
        device=device,
        follow=event.follow or "customer",
    )
    spots = {"barge": Spot("room", call.id), "intercept": Spot("spare")}
    yield Invite(
        board.tenant,
        call.id,
        leg,
        spots.get(event.mode, Spot(event.mode, of.id)),
        device,
        shown=(str(of.agent_no), ""),
        seconds=RING_SECONDS,
        at_once=True,
    )


def stop(board: Board, event: ce.WatchStopAsked) -> Iterator[Effect]:
    call = board.call(event.call)
    link(board)
    leg = watcher(call, event.agent)
    if leg is None:
        raise NoLeg(f"agent {event.agent} does not supervise call {call.id}")
    yield HangUp(call.id, leg.address)


def answered(board: Board, event: ev.LegAnswered | ev.LegJoined) -> Iterator[ev.Event | Effect]:
    call = board.call_of_leg(event.leg)
    mine = next((one for one in call.watches if one.leg == event.leg), None) if call is not None else None
    if call is None or mine is None or mine.answered_at is not None:
        return
    leg = call.leg(mine.leg)
    assert leg is not None
    of = heard(board, call, mine.by)
    if of is None or (mine.follow == "agent" and of.id != mine.of):
        yield HangUp(call.id, leg.address)  # the talk, or that agent's part in it, has ended while the phone rang
        return
    yield ce.WatchAnswered(at=event.at, call=call.id, agent=mine.by)
    if mine.mode == "intercept":
        yield from take(board, call, mine.by, event.at)
    else:
        yield ce.LegPlaced(at=event.at, call=call.id, leg=leg.id, place="room" if mine.mode == "barge" else "spy")
        if mine.mode != "barge" and of.id != mine.of:  # another agent has the customer by now
            yield ce.WatchChanged(at=event.at, call=call.id, agent=mine.by, mode=mine.mode, of=of.id)
            yield from move(call, leg, Spot(mine.mode, of.id), "spy", event.at)


def not_reached(board: Board, event: ce.LegNotReached) -> Iterator[ev.Event]:
    call = board.call_of_leg(event.leg)
    mine = next((one for one in call.watches if one.leg == event.leg), None) if call is not None else None
    if call is not None and mine is not None:
        yield ce.WatchEnded(at=event.at, call=call.id, agent=mine.by, result=event.why)


def follow(board: Board, event: ev.AgentAnswered) -> Iterator[ev.Event | Effect]:
    """The call has a new agent after a transfer: supervision that waited for one goes on."""
    call = board.calls[event.call]
    for mine in list(call.watches):
        leg = watcher(call, mine.by)
        if leg is None or mine.answered_at is None or leg.place != "spare":
            continue
        yield ce.WatchChanged(at=event.at, call=call.id, agent=mine.by, mode=mine.mode, of=event.leg)
        yield from move(call, leg, Spot(mine.mode, event.leg), "spy", event.at)
