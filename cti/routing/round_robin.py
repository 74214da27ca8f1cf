"""轮询: the next agent number after the one who was offered a call last, around and around."""

from bisect import bisect_right
from collections.abc import Collection

from cti.agents import Agent, natural
from cti.ids import AgentNo
from cti.records import Figures
from cti.routing._pool import Key, Pool, Strategy, count, strategies


def _key(agent: Agent, _: Figures) -> Key:
    return natural(agent.no)


def _pick(pool: Pool, barred: Collection[AgentNo]) -> tuple[Key, AgentNo] | None:
    start = 0 if pool.last is None else bisect_right(pool.entries, (natural(pool.last), pool.last))
    after = next(pool.ordered(barred, start), None)
    return after or next(pool.ordered(barred), None)


def _why(_: Key, pool: Pool) -> str:
    before = f"after {pool.last}" if pool.last else "first"
    return f"next in turn {before}, of {count(len(pool), 'ready agent')}"


strategies.add("round_robin")(Strategy(_key, _why, _pick))
