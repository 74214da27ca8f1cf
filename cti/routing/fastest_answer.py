"""平均应答速度: lowest mean offer-to-answer time, with a fair share for everybody.

An agent's figure is (5 x the queue's mean + the sum of their own times) / (5 + their offers), so that somebody new
starts at the queue's mean; an unanswered offer counts as the full ring time. An agent whose offers have reached
2 x ceil((offers of the queue + 1) / agents signed in) is passed over, unless only such agents are free: a caller never
waits beside a free agent.
"""

from bisect import bisect_left
from collections.abc import Collection

from cti.agents import Agent
from cti.ids import AgentNo
from cti.records import Figures
from cti.routing._pool import Key, Pool, Strategy, strategies, tie

PRIOR = 5


def _key(agent: Agent, figures: Figures) -> Key:
    """Sorted by offers, then by own times: among agents with equally many offers the queue's mean changes no order."""
    return (figures.offers, figures.answer_ms, *tie(agent))


def _mean(offers: int, answer_ms: int, pool: Pool) -> float:
    """The figure in milliseconds. One division of whole numbers, so that equal figures compare equal."""
    if not pool.offers:
        return 0.0
    return (PRIOR * pool.answer_ms + answer_ms * pool.offers) / (pool.offers * (PRIOR + offers))


def _share(pool: Pool) -> int:
    return 2 * -(-(pool.offers + 1) // max(pool.signed_in, 1))


def _pick(pool: Pool, barred: Collection[AgentNo]) -> tuple[Key, AgentNo] | None:
    best: tuple[tuple[object, ...], Key, AgentNo] | None = None
    start = 0
    while start < len(pool.entries):
        offers = pool.entries[start][0][0]
        assert isinstance(offers, int)
        following = bisect_left(pool.entries, ((offers + 1,), ""))
        first = next((e for e in pool.entries[start:following] if e[1] not in barred), None)
        if first is not None:
            key, agent = first
            answer_ms = key[1]
            assert isinstance(answer_ms, int)
            rank = (offers >= _share(pool), _mean(offers, answer_ms, pool), key[2:])
            if best is None or rank < best[0]:
                best = (rank, key, agent)
        start = following
    return None if best is None else (best[1], best[2])


def _why(key: Key, pool: Pool) -> str:
    offers, answer_ms = key[0], key[1]
    assert isinstance(offers, int)
    assert isinstance(answer_ms, int)
    mean = _mean(offers, answer_ms, pool) / 1000
    return (
        f"answers in {mean:.1f} s on average, the fastest of {len(pool)} ready; {offers} offers, share {_share(pool)}"
    )


strategies.add("fastest_answer")(Strategy(_key, _why, _pick))
