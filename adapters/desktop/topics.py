"""What one connection is subscribed to: which events are for it, under which topic, and how things stand now."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.desktop import messages
from adapters.desktop.ports import BoardView, Shape
from adapters.desktop.ring import Item
from cti.errors import NotAllowed
from cti.ids import AgentNo, QueueName
from cti.news import EVERYONE
from cti.people import Principal, calls_for, keys_for, queues_for, sees_call_of
from cti.permissions import AGENTS_SEE, CALLS_SEE, QUEUES_SEE
from cti.shapes import without_call


class Topics:
    """Topics in the order of their subscription; an event comes under the first that it matches."""

    def __init__(self) -> None:
        self._keys: dict[str, frozenset[str]] = {}
        self._routes: dict[str, tuple[int, bytes]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, who: Principal, board: BoardView, topics: Sequence[str]) -> None:
        """All of them, or `NotAllowed` and none."""
        found = {topic: allowed(who, board, topic) for topic in topics}
        for topic, keys in found.items():
            if keys is None:
                raise NotAllowed(f"topic {topic} is not allowed")
        self._keys |= {topic: keys for topic, keys in found.items() if keys is not None and topic not in self._keys}
        self._route()

    def remove(self, topics: Sequence[str]) -> None:
        for topic in topics:
            self._keys.pop(topic, None)
        self._route()

    def review(self, who: Principal, board: BoardView) -> list[str]:
        """Take away what this person may no longer have; returns the topics that ended."""
        now = {topic: allowed(who, board, topic) for topic in self._keys}
        self._keys = {topic: keys for topic, keys in now.items() if keys is not None}
        self._route()
        return [topic for topic, keys in now.items() if keys is None]

    def _route(self) -> None:
        self._routes = {}
        for rank, (topic, keys) in enumerate(self._keys.items()):
            route = (rank, messages.encode(topic))
            for key in keys:
                self._routes.setdefault(key, route)
        self._routes[EVERYONE] = (-1, messages.encode(EVERYONE))

    def topic_of(self, item: Item) -> bytes | None:
        """The encoded topic under which this event comes, or None when it does not."""
        best: tuple[int, bytes] | None = None
        for key in item.keys:
            route = self._routes.get(key)
            if route is not None and (best is None or route < best):
                best = route
        return None if best is None else best[1]


def allowed(who: Principal, board: BoardView, topic: str) -> frozenset[str] | None:
    """The keys of a topic that this person may have and that exists; else None."""
    noun, _, name = topic.partition(":")
    exists = (
        name in ("me", "*", "mine")
        or (noun == "agent" and board.agent(AgentNo(name)) is not None)
        or (noun == "queue" and board.queue(QueueName(name)) is not None)
    )
    return keys_for(who, topic, queues_for(who, QUEUES_SEE, board.queues_of) or ()) if exists else None


def snapshot(who: Principal, board: BoardView, topics: Sequence[str]) -> dict[str, object]:
    """How things stand, by topic, as this person may see it."""
    return {topic: _standing(who, board, topic) for topic in topics}


def _standing(who: Principal, board: BoardView, topic: str) -> object:
    noun, _, name = topic.partition(":")
    match noun, name:
        case "agent", "*":
            return [_agent(who, one) for one in board.agents() if who.reaches(AGENTS_SEE, _number(one))]
        case "agent", _:
            one = board.agent(who.desk if name == "me" and who.desk is not None else AgentNo(name))
            return None if one is None else _agent(who, one)
        case "queue", "*":
            return [one for one in board.queues() if allowed(who, board, f"queue:{one['name']}") is not None]
        case "queue", _:
            return board.queue(QueueName(name))
        case "calls", "mine":
            return [] if who.desk is None else list(board.calls_of(who.desk))
    reach = calls_for(who, CALLS_SEE, board.queues_of)
    if reach is None:
        return list(board.live_calls())
    theirs = {call["id"] for no in reach.agents for call in board.calls_of(no)}
    return [call for call in board.live_calls() if call["id"] in theirs or call["queue"] in reach.queues]


def _number(agent: Shape) -> AgentNo:
    return AgentNo(str(agent["agent_no"]))


def _agent(who: Principal, agent: Shape) -> object:
    return agent if sees_call_of(who, _number(agent)) else without_call(dict(agent))
