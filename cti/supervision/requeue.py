"""A waiting caller goes to the front of the line, or to another queue."""

from __future__ import annotations

from collections.abc import Iterator

from cti import events as ev
from cti.board import Board
from cti.control import events as ce
from cti.control.parts import link
from cti.control.targets import queue_named
from cti.effects import Effect, WaitIn
from cti.errors import BadRequest, WrongState
from cti.records import State


def requeue(board: Board, event: ce.RequeueAsked) -> Iterator[ev.Event | Effect]:
    call = board.call(event.call)
    link(board)
    if call.state is not State.WAITING:
        raise WrongState(f"the call is {call.state}")
    if event.queue is None and not event.front:
        raise BadRequest("to another queue, to the front, or both")
    name = call.queue if event.queue is None else queue_named(board, event.queue)
    priority = None
    if event.front:
        others = (one.priority for one in board.queues[name].waiting.values() if one.id != call.id)
        priority = max((call.priority, *(level + 1 for level in others)))
    if name != call.queue and not call.nobody_there:
        yield WaitIn(call.id, call.customer.address, name)
    yield ce.CallRequeued(at=event.at, call=call.id, queue=name, priority=priority)
