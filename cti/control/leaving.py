"""When somebody hangs up in the middle of whatever: who is released, who is brought back, who goes on."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.agents import Work
from cti.board import Board
from cti.control import events as ce
from cti.control.effects import Spot
from cti.control.parts import gather, move, talkers
from cti.effects import Effect, HangUp
from cti.ids import AgentNo, Instant
from cti.records import Call, Leg, OfferResult, State

ENGAGED = (Work.TALKING, Work.HELD, Work.CONSULTING)


def everybody(board: Board, call: Call, at: Instant, why: str = OfferResult.CANCELLED) -> Iterator[ev.Event | Effect]:
    """The customer has gone: everybody else is released. In a plain talk Asterisk does that by itself."""
    for leg in call.live("agent", "party", "supervisor"):
        if leg.place not in ("", "over"):
            yield HangUp(call.id, leg.address)
    for no in _agents(call):
        yield from release(board, call, no, at, why)


def _agents(call: Call) -> list[AgentNo]:
    """Everybody who may have a part in the call, the latest last."""
    found = [offer.agent_no for offer in call.offers] + [watch.by for watch in call.watches]
    return list(dict.fromkeys(found))


def release(board: Board, call: Call, no: AgentNo, at: Instant, why: str) -> Iterator[ev.Event]:
    """This agent's part is over, whatever it was."""
    agent = board.agents.get(no)
    if agent is None or agent.call != call.id:
        return
    consult = call.consult
    offer = next((one for one in reversed(call.offers) if one.agent_no == no), None)
    if agent.work is Work.SUPERVISING:
        yield ce.WatchEnded(at=at, call=call.id, agent=no)
    elif call.state is State.DIALLING:
        yield ce.PlacingEnded(at=at, call=call.id, agent=no)
    elif (consult is not None and consult.agent_no == no) or (
        offer is not None and offer.strategy == "conference" and offer.result is None
    ):
        yield ce.ColleagueReleased(at=at, call=call.id, agent=no, result=why)
    elif agent.work in ENGAGED:
        yield ev.AgentLeft(at=at, call=call.id, agent=no)


def dismissed(board: Board, call: Call, at: Instant) -> Iterator[ev.Event | Effect]:
    """Phones that are still being rung to join a talk that is over."""
    for leg in call.live("agent", "party"):
        if leg.place == "invited":
            yield HangUp(call.id, leg.address)
            yield ce.LegDismissed(at=at, call=call.id, leg=leg.id)
            if leg.agent_no is not None:
                yield from release(board, call, leg.agent_no, at, OfferResult.CANCELLED)


def leg_gone(board: Board, call: Call, leg: Leg, at: Instant, cause: int) -> Iterator[ev.Event | Effect]:
    """A leg that is not the customer's has ended."""
    consult = call.consult
    if leg.kind == "supervisor":
        yield from release(board, call, AgentNo(leg.agent_no or ""), at, "")
    elif consult is not None and consult.leg == leg.id:
        yield from back_to_customer(board, call, at, _result(cause, answered=consult.answered_at is not None))
    elif call.state is State.DIALLING:
        return  # the agent's own leg says how it ends
    elif leg.agent_no is not None:
        if consult is not None and consult.by == leg.agent_no:
            yield from _without_asker(board, call, at)
        yield from release(board, call, leg.agent_no, at, _result(cause, answered=False))
        yield from _last_gone(board, call, at)
    else:
        yield from _last_gone(board, call, at)
    yield from _followed(board, call, leg, at)


def back_to_customer(board: Board, call: Call, at: Instant, result: str) -> Iterator[ev.Event | Effect]:
    """A consultation is over: the agent talks with the customer again."""
    consult = call.consult
    if consult is None:
        return
    asked = call.leg(consult.leg) if consult.leg is not None else None
    asker = call.agent_leg(consult.by)
    if consult.agent_no is not None:
        ended = OfferResult.CANCELLED if consult.answered_at is not None else result
        yield ce.ColleagueReleased(at=at, call=call.id, agent=consult.agent_no, result=ended)
    yield ce.ConsultEnded(at=at, call=call.id, agent=consult.by, result=result)
    if asker is not None:
        yield from gather(call, (asker, call.customer), at)
        yield ev.CallRetrieved(at=at, call=call.id, agent=consult.by)
    if asked is not None and asked.ended_at is None:
        yield HangUp(call.id, asked.address)


def _without_asker(board: Board, call: Call, at: Instant) -> Iterator[ev.Event | Effect]:
    """Who asked has hung up: a consultation is nobody's without them."""
    consult = call.consult
    assert consult is not None
    if consult.agent_no is not None:
        yield ce.ColleagueReleased(at=at, call=call.id, agent=consult.agent_no, result=OfferResult.CANCELLED)
    yield ce.ConsultEnded(at=at, call=call.id, agent=consult.by, result="left")
    asked = call.leg(consult.leg) if consult.leg is not None else None
    if asked is not None and asked.ended_at is None:
        yield HangUp(call.id, asked.address)


def _last_gone(board: Board, call: Call, at: Instant) -> Iterator[ev.Event | Effect]:
    """Nobody is left to talk with the customer: the survey, or the end. The dialplan sees to that by itself after a
    Dial and when a room is left; but nobody may have been in the room yet."""
    if call.state not in (State.TALKING, State.HELD) or talkers(board, call) or call.customer.place in ("out", "after"):
        return
    if call.customer.place:
        yield from move(call, call.customer, Spot("after"), "after", at)
    yield from dismissed(board, call, at)
    for leg in call.live("agent", "party", "supervisor"):
        yield HangUp(call.id, leg.address)


def _followed(board: Board, call: Call, leg: Leg, at: Instant) -> Iterator[ev.Event | Effect]:
    """Supervision of a leg that has ended goes on with whoever has the customer now."""
    remaining = [one for one in talkers(board, call) if one.kind == "agent"]
    for watch in list(call.watches):
        mine = call.leg(watch.leg)
        if watch.of != leg.id or mine is None or mine.ended_at is not None or watch.answered_at is None:
            continue  # one whose phone still rings is told when it answers
        if watch.follow == "agent":
            yield HangUp(call.id, mine.address)  # the agent has left the call, and that was to be heard
            continue
        if not remaining and call.state in (State.WAITING, State.OFFERED, State.RINGING):
            mode = "listen" if watch.mode == "barge" else watch.mode
            yield ce.WatchChanged(at=at, call=call.id, agent=watch.by, mode=mode, of=watch.of)
            yield from move(call, mine, Spot("spare"), "spare", at)  # until somebody has the customer
            continue
        if not remaining:
            yield HangUp(call.id, mine.address)
            continue
        yield ce.WatchChanged(at=at, call=call.id, agent=watch.by, mode=watch.mode, of=remaining[0].id)
        if watch.mode in ("listen", "whisper"):
            yield from move(call, mine, Spot(watch.mode, remaining[0].id), "spy", at)


def _result(cause: int, *, answered: bool) -> str:
    """What a Q.850 cause means for an offer."""
    if answered:
        return OfferResult.CANCELLED
    if cause in (17, 21):
        return OfferResult.REJECTED
    return OfferResult.NO_ANSWER if cause in (0, 16, 18, 19) else OfferResult.FAILED
