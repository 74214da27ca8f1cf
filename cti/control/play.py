"""Prompts on demand 点播语音: both sides hear it, or one, over the talk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cti.board import Board
from cti.control import events as ce
from cti.control.effects import PlayTo
from cti.control.parts import with_customer
from cti.effects import Effect
from cti.errors import BadRequest, WrongState
from cti.records import State

SIDES: Final = ("both", "customer", "agent")
_PROMPT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def play(board: Board, event: ce.PlayAsked) -> Iterator[Effect]:
    call, _, leg = with_customer(board, event)
    if event.side not in SIDES:
        raise BadRequest(f"side is one of {', '.join(SIDES)}")
    if not _PROMPT.fullmatch(event.prompt):
        raise BadRequest("a prompt's name is of a-z, 0-9, - and _")
    if call.state is not State.TALKING:
        raise WrongState("the customer is on hold and hears music")
    hears = [one for one, side in ((call.customer, "customer"), (leg, "agent")) if event.side in ("both", side)]
    for one in hears:
        yield PlayTo(board.tenant, call.id, one.id, event.prompt, call.journey.language)
