"""最少通话次数: fewest answered calls of this queue in the window."""

from cti.agents import Agent
from cti.records import Figures
from cti.routing._pool import Key, Pool, Strategy, count, strategies, tie


def _key(agent: Agent, figures: Figures) -> Key:
    return (figures.calls, *tie(agent))


def _why(key: Key, pool: Pool) -> str:
    calls = key[0]
    assert isinstance(calls, int)
    return f"{count(calls, 'call')} answered, the fewest of {count(len(pool), 'ready agent')}"


strategies.add("least_calls")(Strategy(_key, _why))
