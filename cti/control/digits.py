"""Key presses into the call, for menus on the other side: the customer's, or that of whoever is being asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cti.agents import Work
from cti.board import Board
from cti.control import events as ce
from cti.control.effects import SendDigits
from cti.control.parts import part
from cti.effects import Effect
from cti.errors import BadRequest, WrongState

_DIGITS: Final = re.compile(r"[0-9*#]{1,32}")


def send(board: Board, event: ce.DigitsAsked) -> Iterator[Effect]:
    call, agent, _ = part(board, event)
    if not _DIGITS.fullmatch(event.digits):
        raise BadRequest("digits are 1 to 32 of 0-9, * and #")
    to = call.customer
    if agent.work is Work.CONSULTING and call.consult is not None and not call.consult.aside:
        asked = call.leg(call.consult.leg) if call.consult.leg is not None else None
        if asked is None or call.consult.answered_at is None:
            raise WrongState("whoever is asked has not answered")
        to = asked
    elif agent.work not in (Work.TALKING, Work.CONSULTING):
        raise WrongState("the customer is on hold")
    yield SendDigits(call.id, to.address, event.digits)
