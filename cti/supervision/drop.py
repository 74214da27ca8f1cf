"""Drop 强拆: the call ends, for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.control.parts import link
from cti.effects import Effect, HangUp
from cti.records import Result, State


def drop(board: Board, event: ce.DropAsked) -> Iterator[ev.Event | Effect]:
    call = board.call(event.call)
    if call.nobody_there and call.state is State.WAITING:
        yield ev.CallEnded(at=event.at, call=call.id, result=Result.CALLBACK, cause=f"dropped by {event.by}")
        return
    link(board)
    for leg in (*call.live("customer"), *call.live("agent", "party", "supervisor")):
        yield HangUp(call.id, leg.address)
