"""熟客: the agent who spoke with this number last; for everybody else, and after a while, the queue's base strategy.

That agent is worth waiting for, `sticky_seconds` long, while they are signed in; they are remembered `sticky_days`.
"""

from __future__ import annotations

from datetime import timedelta

from cti.ids import AgentNo
from cti.routing._pool import Asked, Choice, Strategy, strategies
from cti.routing.longest_idle import STRATEGY as LONGEST_IDLE

_DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)


def known_agent(asked: Asked) -> AgentNo | None:
    """Who spoke with this caller last, if that still counts and they may be rung."""
    agent, at = asked.talks.get(asked.call.number, (None, 0))
    if agent is None or asked.at - at > asked.settings.sticky_days * _DAY_MS or agent in asked.barred:
        return None
    return agent if agent in asked.present else None


def _serve(asked: Asked) -> Choice | None:
    agent = known_agent(asked)
    if agent is not None and agent in asked.pool.keys:
        days = (asked.at - asked.talks[asked.call.number][1]) // _DAY_MS
        when = "today" if not days else "a day ago" if days == 1 else f"{days} days ago"
        return Choice(agent, f"spoke with this caller {when}")
    if agent is not None and asked.waited < asked.settings.sticky_seconds * 1000:
        return None
    base = strategies[asked.settings.sticky_base]
    picked = base.pick(asked.pool, asked.barred)
    if picked is None:
        return None
    passed = f"{agent} is busy; " if agent is not None else ""
    return Choice(picked[1], passed + base.why(picked[0], asked.pool))


# The queue orders its agents by the base strategy; what stands here is for a queue that names none.
strategies.add("sticky")(Strategy(LONGEST_IDLE.key, LONGEST_IDLE.why, serve=_serve))
