"""Hold and retrieve 保持, 恢复: the customer hears music, the agent nothing."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.agents import Work
from cti.board import Board
from cti.control import events as ce
from cti.control.parts import ALONE, apart, gather, talkers, with_customer
from cti.effects import Effect
from cti.errors import WrongState
from cti.records import State


def hold(board: Board, event: ce.HoldAsked) -> Iterator[ev.Event | Effect]:
    call, agent, leg = with_customer(board, event)
    if call.state is not State.TALKING:
        raise WrongState("the customer is on hold already")
    if len(talkers(board, call)) > 1:
        raise WrongState("nobody is put on hold in a conference")
    yield from apart(call, leg, ALONE, "alone", event.at)
    yield ev.CallHeld(at=event.at, call=call.id, agent=agent.no)


def retrieve(board: Board, event: ce.RetrieveAsked) -> Iterator[ev.Event | Effect]:
    call, agent, leg = with_customer(board, event)
    if call.state is not State.HELD or agent.work is not Work.HELD:
        raise WrongState("the customer is not on hold")
    if call.customer.place != "hold":
        raise WrongState("held on the phone: retrieve the call there")
    yield from gather(call, (leg, call.customer), event.at)
    yield ev.CallRetrieved(at=event.at, call=call.id, agent=agent.no)
