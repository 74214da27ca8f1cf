"""Drop 强拆: the call ends, for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from cti.board import Board
from cti.control import events as ce
from cti.control.parts import link
from cti.effects import Effect, HangUp


def drop(board: Board, event: ce.DropAsked) -> Iterator[Effect]:
    call = board.call(event.call)
    link(board)
    for leg in (*call.live("customer"), *call.live("agent", "party", "supervisor")):
        yield HangUp(call.id, leg.address)
