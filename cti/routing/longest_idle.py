"""最长空闲: longest since the last call ended; before a first call, since the sign-in."""

from cti.agents import Agent
from cti.records import Figures
from cti.routing._pool import Key, Pool, Strategy, count, strategies, tie


def _key(agent: Agent, _: Figures) -> Key:
    return tie(agent)


def _why(_: Key, pool: Pool) -> str:
    return f"the longest idle of {count(len(pool), 'ready agent')}"


STRATEGY = strategies.add("longest_idle")(Strategy(_key, _why))
