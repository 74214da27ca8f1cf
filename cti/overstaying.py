"""Feature: whoever is not ready for longer than the reason allows is shown so, and told of once.

Nobody's state changes: what follows from it is for people to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cti import events as ev
from cti.agents import Agent
from cti.board import Board, Feature, Fold
from cti.effects import Effect, Later, News
from cti.shapes import stamp

# --- folds ---------------------------------------------------------------------------------------------------------


def marked(board: Board, event: ev.ReasonOverstayed | ev.ReasonExtended) -> None:
    agent = board.agents[event.agent]
    agent.record.over_limit = isinstance(event, ev.ReasonOverstayed)
    board.touch(agent, record=True)


FOLDS: Final[Mapping[type[ev.Event], Fold]] = {
    ev.ReasonOverstayed: marked,
    ev.ReasonExtended: marked,
}

# --- features ------------------------------------------------------------------------------------------------------


def timer(agent: Agent) -> Iterator[Later]:
    """A timer whose time has come for nothing is no trouble: `expired` looks again."""
    until = agent.reason_until
    if until is not None and not agent.record.over_limit:
        yield Later(f"reason:{agent.no}", until, ev.ReasonExpired(at=until, agent=agent.no))


def declared(board: Board, event: ev.StatusChanged) -> Iterator[Later]:
    yield from timer(board.agents[event.agent])


def resumed(board: Board, event: ev.Started | ev.DirectoryChanged) -> Iterator[ev.Event | Effect]:
    """Timers do not outlive a process, and limits may have been changed."""
    for agent in list(board.agents.values()):
        until = agent.reason_until
        if agent.record.over_limit and (until is None or until > event.at):
            yield ev.ReasonExtended(at=event.at, agent=agent.no)
        yield from timer(agent)


def expired(board: Board, event: ev.ReasonExpired) -> Iterator[ev.Event]:
    agent = board.agents.get(event.agent)
    until = None if agent is None else agent.reason_until
    if agent is not None and until is not None and until <= event.at and not agent.record.over_limit:
        yield ev.ReasonOverstayed(at=event.at, agent=agent.no)


def told(board: Board, event: ev.ReasonOverstayed) -> Iterator[Effect]:
    agent = board.agents[event.agent]
    reason = agent.reason
    assert reason is not None
    data = {
        "agent_no": agent.no,
        "name": agent.profile.name,
        "reason": agent.record.reason,
        "reason_code": reason.code,
        "title": reason.title,
        "title_en": reason.title_en,
        "since": stamp(agent.record.status_since),
        "limit_seconds": reason.limit_seconds,
    }
    yield News("agent.overstayed", event.at, data, agents=frozenset((agent.no,)))


FEATURES: Final[Mapping[type[ev.Event], tuple[Feature, ...]]] = {
    ev.ReasonExpired: (expired,),
    ev.ReasonOverstayed: (told,),
}
