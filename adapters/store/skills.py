"""Skills 技能: what agents can do, by name. How well each agent does is part of the agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta, rules
from adapters.store.database import Database, upsert
from adapters.store.tables import agent_skills, skills
from cti.errors import NotFound
from cti.ids import AgentNo, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    name: str
    title: str = ""
    agents: int = 0  # who have it


class Skills:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, tenant: TenantId) -> list[Skill]:
        """By name."""
        skill, able = skills.c, agent_skills.c
        counted = (
            select(skill.name, skill.title, func.count(able.agent_no).label("agents"))
            .join_from(skills, agent_skills, (able.tenant == skill.tenant) & (able.skill == skill.name), isouter=True)
            .where(skill.tenant == tenant)
            .group_by(skill.name, skill.title)
            .order_by(skill.name)
        )
        async with self._database.reading() as connection:
            return [
                Skill(name=row.name, title=row.title, agents=row.agents) for row in await connection.execute(counted)
            ]

    async def put(self, tenant: TenantId, skill: Skill) -> None:
        """Add it, or change what it is called."""
        row = {
            "tenant": tenant,
            "name": rules.skill(skill.name),
            "title": rules.words(skill.title or skill.name, "the title"),
        }
        try:
            async with self._database.writing() as connection:
                await meta.bump(connection)
                await connection.execute(upsert(connection.dialect.name, skills), row)
        except IntegrityError:
            raise NotFound(f"there is no tenant {tenant[:40]}") from None

    async def remove(self, tenant: TenantId, name: str) -> None:
        """Agents who had it have it no more."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            these = (agent_skills.c.tenant == tenant, agent_skills.c.skill == name)
            await connection.execute(delete(agent_skills).where(*these))
            gone = await connection.execute(delete(skills).where(skills.c.tenant == tenant, skills.c.name == name))
            if gone.rowcount == 0:
                raise NotFound(f"there is no skill {name[:40]}")


async def set_levels(connection: AsyncConnection, tenant: TenantId, agent: AgentNo, levels: Mapping[str, int]) -> None:
    """These skills, and no others, are what the agent can do; in the caller's transaction."""
    able = agent_skills.c
    await connection.execute(delete(agent_skills).where(able.tenant == tenant, able.agent_no == agent))
    known = set(await connection.scalars(select(skills.c.name).where(skills.c.tenant == tenant)))
    for skill, level in sorted(levels.items()):
        if skill not in known:
            raise NotFound(f"there is no skill {skill[:40]}")
        row = {"tenant": tenant, "agent_no": agent, "skill": skill, "level": level}
        await connection.execute(insert(agent_skills), row)
