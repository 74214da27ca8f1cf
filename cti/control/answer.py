"""Answering from the screen: a browser phone does it itself, a desk phone by hand, or where we may press its key."""

from __future__ import annotations

from collections.abc import Iterable

from cti.board import Board
from cti.control import events as ce
from cti.control.effects import PressAnswer
from cti.effects import Effect
from cti.errors import AnswerOnPhone, WrongState
from cti.phones import WEB


def answer(board: Board, event: ce.AnswerAsked) -> Iterable[Effect]:
    """Making a phone answer takes a right on Asterisk (`system`) that opens the machine, so few servers have it."""
    call, agent = board.call(event.call), board.agent(event.agent)
    if agent.call != call.id or agent.work.value not in ("offered", "ringing"):
        raise WrongState(f"agent {agent.no} is {agent.work}")
    offer = call.offer
    device = offer.device if offer is not None and offer.agent_no == agent.no else agent.device
    if device is None or device.endswith(WEB) or not board.can_press_answer():
        raise AnswerOnPhone("answer on the phone itself; the browser phone answers by its own button")
    return (PressAnswer(call.id, device),)
