"""Answering from the screen: a browser phone does it itself, a desk phone only by hand."""

from __future__ import annotations

from collections.abc import Iterable

from cti.board import Board
from cti.control import events as ce
from cti.effects import Effect
from cti.errors import AnswerOnPhone, WrongState


def answer(board: Board, event: ce.AnswerAsked) -> Iterable[Effect]:
    """Making a phone answer takes a right on Asterisk (`system`) that opens the machine, so nobody has it here."""
    call, agent = board.call(event.call), board.agent(event.agent)
    if agent.call != call.id or agent.work.value not in ("offered", "ringing"):
        raise WrongState(f"agent {agent.no} is {agent.work}")
    raise AnswerOnPhone("answer on the phone itself; the browser phone answers by its own button")
