"""Feature: what waiting callers hear: their place, how long it will take, kind words, a music of the queue's own.

A bare queue costs nothing here: no timer is set where nothing is to be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cti import events as ev
from cti.board import Board, Feature, Fold
from cti.effects import Announce, Effect, Later, SetMusic
from cti.errors import BadRequest
from cti.ids import AgentNo, Instant
from cti.queues import Queue
from cti.records import Call, QueueSettings, State
from cti.speech import say
from cti.telling import news_of

FIRST_MS: Final = 3_000
"""How long a caller hears music before the first word: who is taken at once hears none."""

QUIET_MS: Final = 10_000
"""Between two announcements, so that one does not cut the other short."""

LANGUAGE: Final = "zh"


def language(call: Call) -> str:
    return call.journey.language or LANGUAGE


# --- when ----------------------------------------------------------------------------------------------------------


def arrived(board: Board, event: ev.CallerWaiting | ev.CallOverflowed | ev.CallReturned) -> Iterator[Later]:
    call = board.calls.get(event.call)
    if call is not None:
        yield from timers(board, call, event.at)


def resumed(board: Board, event: ev.Started | ev.DirectoryChanged) -> Iterator[Later]:
    for queue in board.queues.values():
        if queue.settings.talkative:
            for call in queue.waiting.values():
                yield from timers(board, call, event.at)


def timers(board: Board, call: Call, at: Instant) -> Iterator[Later]:
    queue = board.queues.get(call.queue)
    if queue is None or call.id not in queue.waiting or not queue.settings.talkative:
        return
    for what in ("position", "comfort"):
        n = _first_after(queue.settings, what, at - call.joined_at)
        if n is not None:
            yield _later(queue.settings, what, n, call)


def _offset(settings: QueueSettings, what: str, n: int) -> int | None:
    """Milliseconds from joining the queue to the n-th announcement of a kind; None when there is no n-th."""
    if what == "comfort":
        every = settings.comfort_every_seconds * 1000
        return (n + 1) * every if settings.comfort_prompts and every else None
    every = settings.announce_every_seconds * 1000
    wanted = settings.announce_position or settings.announce_ewt
    return FIRST_MS + n * every if wanted and (every or not n) else None


def _first_after(settings: QueueSettings, what: str, waited: int) -> int | None:
    first, second = _offset(settings, what, 0), _offset(settings, what, 1)
    if first is None or waited < first:
        return None if first is None else 0
    return None if second is None else (waited - first) // (second - first) + 1


def _later(settings: QueueSettings, what: str, n: int, call: Call) -> Later:
    offset = _offset(settings, what, n)
    assert offset is not None
    when = Instant(call.joined_at + offset)
    return Later(
        f"{what}:{call.id}", when, ev.AnnouncementDue(at=when, call=call.id, what=what, n=n, joined=call.joined_at)
    )


# --- what ----------------------------------------------------------------------------------------------------------


def due(board: Board, event: ev.AnnouncementDue) -> Iterator[ev.Event | Effect]:
    """A caller whom somebody is being offered is not disturbed."""
    call = board.calls.get(event.call)
    queue = None if call is None else board.queues.get(call.queue)
    if call is None or queue is None or call.nobody_there:
        return
    if call.id not in queue.waiting or call.joined_at != event.joined:
        return
    spoken = queue.spoken.get(call.id)
    if spoken is not None and event.at - spoken < QUIET_MS:
        then = Instant(spoken + QUIET_MS)
        postponed = ev.AnnouncementDue(at=then, call=call.id, what=event.what, n=event.n, joined=event.joined)
        yield Later(f"{event.what}:{call.id}", then, postponed)
        return
    n = _first_after(queue.settings, event.what, event.at - event.joined)
    if n is not None:
        yield _later(queue.settings, event.what, n, call)
    if call.state is State.WAITING and board.link_up:
        said = _words(queue, call, event)
        if said is not None:
            yield said


def _words(queue: Queue, call: Call, event: ev.AnnouncementDue) -> ev.Announced | None:
    settings = queue.settings
    if event.what == "comfort":
        prompts = settings.comfort_prompts
        one = (prompts[event.n % len(prompts)],) if prompts else ()
        return ev.Announced(at=event.at, call=call.id, what="comfort", prompts=one) if one else None
    position = queue.position(call)
    ewt = queue.expected_wait(call) if settings.announce_ewt else None
    words: list[str] = []
    if settings.announce_position:
        words += say("callers_ahead", position - 1, language(call))
    if ewt is not None:
        words += say("expected_wait", round(ewt / 1000), language(call))
    told = position if settings.announce_position else None
    return ev.Announced(at=event.at, call=call.id, what="position", prompts=tuple(words), position=told, ewt=ewt)


def announced(board: Board, event: ev.Announced) -> Iterator[Effect]:
    if not event.prompts:
        return  # nobody serves the queue, so there is no telling how long it will take
    call = board.calls[event.call]
    ewt = None if event.ewt is None else round(event.ewt / 1000)
    yield news_of(call, "announced", event.at, what=event.what, position=event.position, ewt_seconds=ewt)
    yield Announce(call.id, call.customer.channel, event.prompts, language(call))


def note_announced(board: Board, event: ev.Announced) -> None:
    """The fold: when this caller was last spoken to."""
    board.queue_for(board.calls[event.call].queue).spoken[event.call] = event.at


def at_the_join(queue: Queue, call: Call, agent: AgentNo) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What caller and agent hear before they are joined: the agent's number 播报工号, and the name of the queue."""
    settings = queue.settings
    whisper = (settings.whisper,) if settings.whisper else ()
    if settings.agent_announcement != "number":
        return (), whisper
    try:
        return tuple(say("agent", agent, language(call))), whisper
    except BadRequest:
        return (), whisper  # a number that nobody can say must not cost the call


def music(board: Board, event: ev.SnapshotTaken | ev.DirectoryChanged) -> Iterator[Effect]:
    """Asterisk forgets when it restarts, so it is told again after each look at it."""
    if board.link_up:
        for queue in board.queues.values():
            if queue.settings.music or queue.had_music:
                yield SetMusic(queue.name, queue.settings.music)


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {ev.Announced: note_announced}

FEATURES: Final[Mapping[type[ev.Event], tuple[Feature, ...]]] = {
    ev.AnnouncementDue: (due,),
    ev.Announced: (announced,),
}
