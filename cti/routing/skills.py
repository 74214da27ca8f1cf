"""技能: the best match first; the longer a caller waits, the less is asked.

After each `relax_after_seconds` of waiting every needed level sinks by `relax_levels`; a need that has sunk to nothing
is dropped, and at last anybody will do. Among those who meet the needs the sum of levels in what was asked decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from cti.agents import Agent
from cti.records import Figures, QueueSettings
from cti.routing._pool import Asked, Choice, Key, Pool, Strategy, count, strategies, tie


def _key(agent: Agent, _: Figures) -> Key:
    """The skills come after what is unique, so that they are carried along and never compared."""
    return (*tie(agent), agent.profile.skills)


def sunk(settings: QueueSettings, waited: int) -> int:
    """How many levels less are asked of an agent after `waited` milliseconds."""
    if not settings.relax_after_seconds:
        return 0
    return waited // (settings.relax_after_seconds * 1000) * settings.relax_levels


def meets(able: Mapping[str, int], needs: Mapping[str, int], less: int) -> bool:
    return all(able.get(skill, 0) >= level - less for skill, level in needs.items())


def _serve(asked: Asked) -> Choice | None:
    needs, less = asked.call.skills, sunk(asked.settings, asked.waited)
    best: tuple[int, Key, Choice] | None = None
    for key, agent in asked.pool.ordered(asked.barred):
        able = key[-1]
        assert isinstance(able, Mapping)
        if not meets(able, needs, less):
            continue
        match = sum(able.get(skill, 0) for skill in needs)
        if best is None or match > best[0]:
            best = (match, key, Choice(agent, ""))
    if best is None:
        return None
    return Choice(best[2].agent, _reason(best[1][-1], needs, less, asked))


def _reason(able: object, needs: Mapping[str, int], less: int, asked: Asked) -> str:
    assert isinstance(able, Mapping)
    ready = count(len(asked.pool), "ready agent")
    if not needs:
        return f"no skill asked; the longest idle of {ready}"
    words = ", ".join(f"{skill} {able.get(skill, 0)} of {level}" for skill, level in sorted(needs.items()))
    relaxed = f", {less} less asked after {asked.waited / 1000:.0f} s" if less else ""
    return f"{words}{relaxed}; the best match of {ready}"


def _why(_: Key, pool: Pool) -> str:
    return f"the longest idle of {count(len(pool), 'ready agent')}"


strategies.add("skills")(Strategy(_key, _why, serve=_serve))
