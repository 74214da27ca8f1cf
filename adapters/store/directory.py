"""Who and what there is, as people edit it: tenants, agents, queues and who serves them.

Every edit raises the directory's version in the same transaction; whoever runs a board looks at it and reads anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import loading, meta, rules
from adapters.store.database import Database, insert_new
from adapters.store.leading import leading_to
from adapters.store.loading import Directory, read_directory
from adapters.store.phones import insert_phone, refuse_foreign
from adapters.store.skills import set_levels
from adapters.store.tables import agent_skills, agent_states, agents, figures, queue_members, queues, tenants, users
from cti.errors import BadRequest, Conflict, DeviceTaken, NotFound
from cti.ids import AgentNo, DeviceName, Instant, QueueName, TenantId
from cti.phones import Phone
from cti.records import AgentProfile, QueueSettings
from cti.routing import strategies
from cti.targets import OVERFLOWS, target


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    name: TenantId
    title: str
    timezone: str = "Asia/Shanghai"
    pop_url: str = ""
    tell_supervision: bool = False  # whether agents are told that they are supervised


def now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


class DirectoryStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        """Rises with every edit, by whomever: this process, the command line, another server."""
        async with self._database.reading() as connection:
            return int(await meta.read(connection, meta.VERSION) or 0)

    async def read(self, tenant: TenantId) -> Directory:
        async with self._database.reading() as connection:
            await _known_tenant(connection, tenant)
            return await read_directory(connection, tenant, now())

    # --- tenants ---

    async def tenants(self) -> list[Tenant]:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(tenants).order_by(tenants.c.tenant))
            return [
                Tenant(
                    name=row.tenant,
                    title=row.title,
                    timezone=row.timezone,
                    pop_url=row.pop_url,
                    tell_supervision=row.tell_supervision,
                )
                for row in rows
            ]

    async def create_tenant(self, tenant: Tenant) -> None:
        async with self._database.writing() as connection:
            row = _tenant_row(tenant)
            await _insert_once(connection, tenants, row, f"tenant {tenant.name} exists")
            await meta.bump(connection)

    async def update_tenant(self, tenant: Tenant) -> None:
        async with self._database.writing() as connection:
            await _known_tenant(connection, tenant.name)
            await connection.execute(update(tenants).where(tenants.c.tenant == tenant.name).values(_tenant_row(tenant)))
            await meta.bump(connection)

    # --- agents ---

    async def create_agent(self, tenant: TenantId, profile: AgentProfile, phones: Sequence[Phone] = ()) -> None:
        """With `phones`, these are made too."""
        profile = rules.agent(profile)
        async with self._database.writing() as connection:
            await _known_tenant(connection, tenant)
            await meta.bump(connection)
            await _devices_are_free(connection, tenant, profile)
            row = {"tenant": tenant, "agent_no": profile.agent_no, "name": profile.name, "devices": profile.devices}
            await _insert_once(connection, agents, row, f"agent {profile.agent_no} exists")
            await _serve(connection, tenant, profile.agent_no, profile.queues)
            await set_levels(connection, tenant, profile.agent_no, profile.skills)
            for phone in phones:
                await insert_phone(connection, tenant, phone)

    async def update_agent(
        self,
        tenant: TenantId,
        agent: AgentNo,
        *,
        name: str | None = None,
        devices: Sequence[DeviceName] | None = None,
        queues: Sequence[QueueName] | None = None,
        skills: Mapping[str, int] | None = None,
    ) -> AgentProfile:
        """Change what is given; returns the profile as it is now."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            old = await _agent(connection, tenant, agent)
            new = rules.agent(
                replace(
                    old,
                    name=old.name if name is None else name,
                    devices=old.devices if devices is None else tuple(devices),
                    queues=old.queues if queues is None else tuple(queues),
                    skills=old.skills if skills is None else dict(skills),
                )
            )
            await _devices_are_free(connection, tenant, new)
            this = (agents.c.tenant == tenant, agents.c.agent_no == agent)
            await connection.execute(update(agents).where(*this).values(name=new.name, devices=new.devices))
            if queues is not None:
                await _serve(connection, tenant, agent, new.queues)
            if skills is not None:
                await set_levels(connection, tenant, agent, new.skills)
            return new

    async def delete_agent(self, tenant: TenantId, agent: AgentNo) -> None:
        """Their user, if there is one, stays without an agent number and has to sign in anew."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            await _agent(connection, tenant, agent)
            for table in (queue_members, agent_skills, agent_states, figures, agents):
                await connection.execute(delete(table).where(table.c.tenant == tenant, table.c.agent_no == agent))
            await connection.execute(
                update(users)
                .where(users.c.tenant == tenant, users.c.agent_no == agent)
                .values(agent_no=None, token_version=users.c.token_version + 1)
            )

    # --- queues ---

    async def create_queue(self, tenant: TenantId, settings: QueueSettings) -> None:
        settings = rules.queue(settings, strategies)
        async with self._database.writing() as connection:
            await _known_tenant(connection, tenant)
            await meta.bump(connection)
            await _targets_are_there(connection, tenant, settings)
            row = {"tenant": tenant, **asdict(settings)}
            await _insert_once(connection, queues, row, f"queue {settings.name} exists")

    async def update_queue(self, tenant: TenantId, queue: QueueName, changes: Mapping[str, Any]) -> QueueSettings:
        """Change what is given; returns the settings as they are now."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            old = await _queue(connection, tenant, queue)
            try:
                new = rules.queue(replace(old, **{**changes, "name": queue}), strategies)
            except TypeError:
                unknown = ", ".join(sorted(set(changes) - {one.name for one in fields(QueueSettings)}))
                raise BadRequest(f"a queue has no {unknown[:80]}") from None
            await _targets_are_there(connection, tenant, new)
            this = (queues.c.tenant == tenant, queues.c.name == queue)
            await connection.execute(update(queues).where(*this).values(asdict(new)))
            return new

    async def delete_queue(self, tenant: TenantId, queue: QueueName) -> None:
        """Remove a queue; refused while a flow, a number, a schedule, a list or another queue leads to it."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            await _queue(connection, tenant, queue)
            if (who := await leading_to(connection, tenant, "queue", queue)) is not None:
                raise Conflict(f"{who} leads to the queue {queue}")
            member = queue_members.c
            await connection.execute(delete(queue_members).where(member.tenant == tenant, member.queue == queue))
            await connection.execute(delete(queues).where(queues.c.tenant == tenant, queues.c.name == queue))

    async def set_members(self, tenant: TenantId, queue: QueueName, members: Iterable[AgentNo]) -> None:
        """These agents, and no others, serve the queue."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            await _queue(connection, tenant, queue)
            member = queue_members.c
            await connection.execute(delete(queue_members).where(member.tenant == tenant, member.queue == queue))
            for agent in dict.fromkeys(members):
                await _agent(connection, tenant, agent)
                row = {"tenant": tenant, "queue": queue, "agent_no": agent}
                await connection.execute(insert(queue_members), row)


def _tenant_row(tenant: Tenant) -> dict[str, str | bool]:
    return {
        "tenant": rules.tenant(tenant.name),
        "title": rules.words(tenant.title, "the title"),
        "timezone": rules.timezone(tenant.timezone),
        "pop_url": rules.pop_url(tenant.pop_url),
        "tell_supervision": tenant.tell_supervision,
    }


async def _insert_once(connection: AsyncConnection, table: Any, row: Mapping[str, Any], otherwise: str) -> None:
    done = await connection.execute(insert_new(connection.dialect.name, table), row)
    if done.rowcount != 1:
        raise Conflict(otherwise)


async def _known_tenant(connection: AsyncConnection, tenant: TenantId) -> None:
    if await connection.scalar(select(tenants.c.tenant).where(tenants.c.tenant == tenant)) is None:
        raise NotFound(f"there is no tenant {tenant[:40]}")


async def _agent(connection: AsyncConnection, tenant: TenantId, agent: AgentNo) -> AgentProfile:
    for profile in await loading.read_agents(connection, tenant, agent):
        return profile
    raise NotFound(f"there is no agent {agent[:40]}")


async def _queue(connection: AsyncConnection, tenant: TenantId, queue: QueueName) -> QueueSettings:
    for settings in await loading.read_queues(connection, tenant, queue):
        return settings
    raise NotFound(f"there is no queue {queue[:40]}")


async def _targets_are_there(connection: AsyncConnection, tenant: TenantId, settings: QueueSettings) -> None:
    """Queues that callers are to go on to exist."""
    for text in (settings.max_wait_target, settings.max_length_target, settings.no_agents_target):
        if text and (where := target(text, OVERFLOWS)).kind == "queue":
            await _queue(connection, tenant, QueueName(where.name))


async def _devices_are_free(connection: AsyncConnection, tenant: TenantId, profile: AgentProfile) -> None:
    """A phone rings for one agent only."""
    await refuse_foreign(connection, tenant, profile.devices)
    others = select(agents.c.agent_no, agents.c.devices).where(
        agents.c.tenant == tenant, agents.c.agent_no != profile.agent_no
    )
    for row in await connection.execute(others):
        shared = set(profile.devices) & set(row.devices)
        if shared:
            raise DeviceTaken(f"{min(shared)} is a device of agent {row.agent_no}")


async def _serve(connection: AsyncConnection, tenant: TenantId, agent: AgentNo, names: Sequence[QueueName]) -> None:
    member = queue_members.c
    await connection.execute(delete(queue_members).where(member.tenant == tenant, member.agent_no == agent))
    for name in names:
        await _queue(connection, tenant, name)
        await connection.execute(insert(queue_members), {"tenant": tenant, "queue": name, "agent_no": agent})
