"""Feature: looks again at a caller when more agents may take them: a need has sunk, a preference has run out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cti import events as ev
from cti.board import Board, Fold
from cti.effects import Later
from cti.ids import Instant
from cti.records import Call, State
from cti.routing.skills import sunk


def waits(
    board: Board, event: ev.CallerWaiting | ev.CallOverflowed | ev.CallReturned | ev.ChoiceWidened
) -> Iterator[Later]:
    call = board.calls.get(event.call)
    if call is not None and call.state is not State.ENDED:
        yield from next_look(board, call, event.at)


def resumed(board: Board, event: ev.Started | ev.DirectoryChanged) -> Iterator[Later]:
    for queue in board.queues.values():
        if queue.settings.attends:
            for call in queue.waiting.values():
                yield from next_look(board, call, event.at)


def next_look(board: Board, call: Call, at: Instant) -> Iterator[Later]:
    """When the queue's strategy will judge this caller otherwise, if it ever will."""
    queue = board.queues.get(call.queue)
    if queue is None or call.id not in queue.waiting:
        return
    settings, waited = queue.settings, max(at - call.queued_at, 0)
    then: int | None = None
    if settings.strategy == "skills" and settings.relax_after_seconds and call.skills:
        step = settings.relax_after_seconds * 1000
        if sunk(settings, waited) < max(call.skills.values()):
            then = (waited // step + 1) * step
    elif settings.strategy == "sticky" and call.number in board.talks and waited < settings.sticky_seconds * 1000:
        then = settings.sticky_seconds * 1000
    if then is not None:
        when = Instant(call.queued_at + then)
        yield Later(f"widen:{call.id}", when, ev.ChoiceWidened(at=when, call=call.id))


def widened(board: Board, event: ev.ChoiceWidened) -> None:
    """The fold: whoever is free is looked at again."""
    call = board.calls.get(event.call)
    if call is not None and call.state is State.WAITING:
        board.stirred[call.queue] = None


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {ev.ChoiceWidened: widened}
