"""Data that a call carries along 随路数据: written by whoever has it, shown to whoever gets it next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cti.board import Board
from cti.control import events as ce
from cti.errors import BadRequest, NoLeg
from cti.events import Event

MOST: Final = 50
LONGEST_KEY: Final = 64
LONGEST: Final = 1_000
RESERVED: Final = frozenset({"recording"})
"""What only a flow says: it decides whether a call is recorded, and what carries it on, a callback perhaps."""


def attach(board: Board, event: ce.AttachAsked) -> Iterator[Event]:
    call, agent = board.call(event.call), board.agent(event.agent)
    if agent.call != call.id:
        raise NoLeg(f"agent {agent.no} has no part in call {call.id}")
    for key, value in event.data.items():
        if not key or len(key) > LONGEST_KEY or len(value) > LONGEST:
            raise BadRequest(f"a name has 1 to {LONGEST_KEY} characters, its value at most {LONGEST}")
    if reserved := RESERVED.intersection(event.data):
        raise BadRequest(f"{min(reserved)} is not an agent's to say")
    if not event.data or len({*call.journey.data, *event.data}) > MOST:
        raise BadRequest(f"a call carries 1 to {MOST} entries")
    yield ce.DataAttached(at=event.at, call=call.id, data=dict(event.data))
