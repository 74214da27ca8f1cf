"""Mute 静音: nobody hears this agent, whatever their phone does."""

from __future__ import annotations

from collections.abc import Iterator

from cti.board import Board
from cti.control import events as ce
from cti.control.effects import Mute
from cti.control.parts import part
from cti.effects import Effect
from cti.errors import WrongState
from cti.events import Event


def mute(board: Board, event: ce.MuteAsked) -> Iterator[Event | Effect]:
    call, _, leg = part(board, event)
    if leg.muted == event.muted:
        raise WrongState("muted already" if event.muted else "not muted")
    yield Mute(call.id, leg.address, event.muted)
    yield ce.LegMuted(at=event.at, call=call.id, leg=leg.id, muted=event.muted)
