"""Feature: agents say what their calls came to 小结, and queues may want to know before the next call.

An agent says it for their own part, during the call or later; whoever may correct it says it in the agent's place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from cti import events as ev
from cti.board import Board, Feature, Fold
from cti.dispositions import check, sayable
from cti.effects import Effect
from cti.errors import BadRequest, NoLeg, NotFound, WrongState
from cti.ids import AgentNo, CallId, QueueName
from cti.records import Call, Said
from cti.shapes import said_shape
from cti.telling import news_of

NOTE_MOST: Final = 1_000
LATE_MS: Final = 24 * 3600 * 1000
"""How long after a call its agents may say or change what it came to; later only whoever corrects."""


def required(board: Board, queue: QueueName | None) -> bool:
    """Whether calls of that queue have to be disposed of. With nothing to choose from, nobody is kept waiting."""
    found = None if queue is None else board.queues.get(queue)
    if found is None or not found.settings.disposition_required:
        return False
    return next(sayable(found.name, board.dispositions), None) is not None


def due_after(board: Board, call: Call, agent: AgentNo) -> tuple[CallId | None, QueueName | None]:
    """The call that this agent's after-call work has to wait for, and the queue that wants it."""
    queue = call.part_queue(agent)
    return (call.id, queue) if required(board, queue) and call.said(agent) is None else (None, None)


# --- folds ---------------------------------------------------------------------------------------------------------


def said(board: Board, event: ev.DispositionSaid) -> None:
    call = _known(board, event)
    entry = Said(event.agent, event.disposition, event.note, event.at, event.by)
    before = call.said(event.agent)
    if before is None:
        call.dispositions.append(entry)
    else:
        call.dispositions[call.dispositions.index(before)] = entry
    board.touch_call(call)
    agent = board.agents.get(event.agent)
    if agent is not None and agent.record.due_call == call.id:
        _nothing_due(board, event)


def waived(board: Board, event: ev.DispositionWaived) -> None:
    _nothing_due(board, event)


def _nothing_due(board: Board, event: ev.DispositionSaid | ev.DispositionWaived) -> None:
    agent = board.agents[event.agent]
    agent.record.due_call = agent.record.due_queue = None
    board.touch(agent, record=True)


def _known(board: Board, event: ev.DispositionAsked | ev.DispositionSaid) -> Call:
    """The call, live or not; raises `NotFound`. The store's record is copied, for facts do not change."""
    call = board.calls.get(event.call) or board.ended.get(event.call)
    if call is None and event.record is not None:
        call = replace(event.record, dispositions=list(event.record.dispositions))
    if call is None:
        raise NotFound("no such call")
    return call


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {
    ev.DispositionSaid: said,
    ev.DispositionWaived: waived,
}

# --- features ------------------------------------------------------------------------------------------------------


def asked(board: Board, event: ev.DispositionAsked) -> Iterator[ev.Event]:
    """Raises `NotFound`, `NoLeg`, `WrongState` or `BadRequest`, and changes nothing."""
    call = _known(board, event)
    if not call.had(event.agent):
        raise NoLeg(f"agent {event.agent} has had no part in call {call.id}")
    if not event.by and call.ended_at is not None and event.at - call.ended_at > LATE_MS:
        raise WrongState("the call ended more than a day ago; a supervisor can still correct it")
    if len(event.note) > NOTE_MOST:
        raise BadRequest(f"a note has at most {NOTE_MOST} characters")
    check(event.disposition, call.part_queue(event.agent), board.dispositions)
    yield ev.DispositionSaid(
        at=event.at,
        agent=event.agent,
        call=call.id,
        disposition=event.disposition,
        note=event.note,
        by=event.by,
        record=event.record,
    )


def told(board: Board, event: ev.DispositionSaid) -> Iterator[Effect]:
    call = board.changed_calls[event.call]
    entry = call.said(event.agent)
    assert entry is not None
    yield news_of(call, "disposition_said", event.at, disposition=said_shape(entry))


def corrected(board: Board, event: ev.Started | ev.DirectoryChanged) -> Iterator[ev.Event]:
    """A queue no longer wants to know, or there is nothing left to say: nobody is kept for it."""
    for agent in list(board.agents.values()):
        queue = agent.record.due_queue
        if agent.record.due_call is not None and not required(board, queue):
            why = f"queue {queue} wants no disposition any more"
            yield ev.DispositionWaived(at=event.at, agent=agent.no, why=why)


FEATURES: Final[Mapping[type[ev.Event], tuple[Feature, ...]]] = {
    ev.DispositionAsked: (asked,),
}
