"""Feature: callbacks 回呼. Whoever asks for one keeps their place in the queue without staying on the line.

A callback is a call without legs that waits like any other; what is ordered when its turn comes is to ring the agent
first, and then, once, the customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cti.board import Board, Feature, Fold
from cti.events import Event
from cti.ids import CallId, Instant, QueueName
from cti.records import Call, SegmentKind

DIRECTION: Final = "callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAsked(Event):
    """Somebody wants to be called back. `source` is the call they asked in, `since` when that one joined the queue."""

    call: CallId
    source: CallId
    queue: QueueName
    number: str
    name: str
    since: Instant
    priority: int = 0


def callback_asked(board: Board, event: CallbackAsked) -> None:
    if event.call in board.calls:
        return
    call = Call(
        id=event.call,
        tenant=board.tenant,
        number=event.number,
        name=event.name,
        dialled=event.number,
        queue=event.queue,
        direction=DIRECTION,
        started_at=event.at,
        queued_at=event.since,
        priority=event.priority,
        linkedid=event.source,
        state_since=event.at,
    )
    call.journey.rules = [f"asked for in call {event.source}"]
    call.enter(SegmentKind.WAITING, event.since)
    board.calls[call.id] = call
    board.queue_for(call.queue).join(call)
    board.stirred[call.queue] = None
    board.changed_queues[call.queue] = None
    board.touch_call(call)


FOLDS: Final[Mapping[type[Event], Fold]] = {CallbackAsked: callback_asked}
FEATURES: Final[Mapping[type[Event], tuple[Feature, ...]]] = {}
