"""最短通话时长: least talk time (talk and hold) of this queue in the window. Going on a break resets nothing."""

from cti.agents import Agent
from cti.records import Figures
from cti.routing._pool import Key, Pool, Strategy, count, strategies, tie


def _key(agent: Agent, figures: Figures) -> Key:
    return (figures.talk_ms, *tie(agent))


def _why(key: Key, pool: Pool) -> str:
    talk = key[0]
    assert isinstance(talk, int)
    return f"{talk / 1000:.1f} s talked, the least of {count(len(pool), 'ready agent')}"


strategies.add("shortest_talk")(Strategy(_key, _why))
