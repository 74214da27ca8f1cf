"""Reads what a run of the server begins with: per tenant its directory, agents' states, figures and open calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codes import read_dispositions, read_reasons
from adapters.store.lookback import read_calls_today, read_talks, read_tallies
from adapters.store.queries import calls_of
from adapters.store.roles import read_blind
from adapters.store.tables import (
    agent_skills,
    agent_states,
    agents,
    calls,
    figures,
    journal,
    list_entries,
    queue_members,
    queues,
    tenants,
)
from adapters.store.trunks import read_lines
from cti.dispositions import Disposition
from cti.entry.numbers import international
from cti.ids import AgentNo, DeviceName, Instant, QueueName, TenantId
from cti.queues import window_bounds
from cti.reasons import Reason
from cti.records import AgentProfile, AgentRecord, Call, Figures, QueueSettings, Tally
from cti.trunks import Line

_MOST_VIPS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Who and what there is, as a board wants to know it."""

    tenant: TenantId
    title: str
    timezone: str
    pop_url: str
    tell_supervision: bool
    queues: tuple[QueueSettings, ...]
    agents: tuple[AgentProfile, ...]
    vips: Mapping[str, int]
    """Number -> priority, of entries that have not run out."""
    reasons: tuple[Reason, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    trunks: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One tenant, as the last run left it."""

    directory: Directory
    records: tuple[AgentRecord, ...]
    figures: tuple[Figures, ...]
    calls: tuple[Call, ...]
    tallies: tuple[Tally, ...]
    calls_today: Mapping[AgentNo, int]
    """In how many calls each agent has talked since local midnight."""
    talks: Mapping[str, tuple[AgentNo, Instant]]
    """Who spoke with a number last, oldest first; only where a queue asks for it."""
    next_seq: int


async def remember(connection: AsyncConnection, now: Instant) -> Mapping[TenantId, Remembered]:
    names = await connection.scalars(select(tenants.c.tenant).order_by(tenants.c.tenant))
    return {TenantId(name): await _remember_one(connection, TenantId(name), now) for name in names.all()}


async def _remember_one(connection: AsyncConnection, tenant: TenantId, now: Instant) -> Remembered:
    directory = await read_directory(connection, tenant, now)
    last = await connection.scalar(select(func.max(journal.c.seq)).where(journal.c.tenant == tenant))
    still_open = select(calls).where(calls.c.tenant == tenant, calls.c.ended_at.is_(None))
    return Remembered(
        directory=directory,
        records=await _records(connection, tenant),
        figures=await _figures(connection, directory, now),
        calls=tuple(await calls_of(connection, tenant, still_open.order_by(calls.c.queued_at, calls.c.id))),
        tallies=await read_tallies(connection, directory, now),
        calls_today=await read_calls_today(connection, directory, now),
        talks=await read_talks(connection, directory, now),
        next_seq=(last or 0) + 1,
    )


async def read_directory(connection: AsyncConnection, tenant: TenantId, now: Instant) -> Directory:
    """The directory of a tenant that exists."""
    own = (await connection.execute(select(tenants).where(tenants.c.tenant == tenant))).one()
    return Directory(
        tenant=tenant,
        title=own.title,
        timezone=own.timezone,
        pop_url=own.pop_url,
        tell_supervision=own.tell_supervision,
        queues=await read_queues(connection, tenant),
        agents=await _with_sight(connection, tenant, await read_agents(connection, tenant)),
        vips=await _vips(connection, tenant, now),
        reasons=await read_reasons(connection, tenant),
        dispositions=await read_dispositions(connection, tenant),
        trunks=await read_lines(connection, tenant),
    )


async def read_queues(
    connection: AsyncConnection, tenant: TenantId, only: QueueName | None = None
) -> tuple[QueueSettings, ...]:
    """The queues by name; or just the one."""
    query = select(queues).where(queues.c.tenant == tenant).order_by(queues.c.name)
    rows = await connection.execute(query if only is None else query.where(queues.c.name == only))
    return tuple(_queue(row) for row in rows)


def _queue(row: Any) -> QueueSettings:
    settings = {key: value for key, value in row._mapping.items() if key != "tenant"}
    return QueueSettings(**{**settings, "comfort_prompts": tuple(row.comfort_prompts)})


async def read_agents(
    connection: AsyncConnection, tenant: TenantId, only: AgentNo | None = None
) -> tuple[AgentProfile, ...]:
    """The agents by number, with the queues they serve and what they can do; or just the one."""
    member_of: defaultdict[str, list[QueueName]] = defaultdict(list)
    members = select(queue_members).where(queue_members.c.tenant == tenant).order_by(queue_members.c.queue)
    for row in await connection.execute(members):
        member_of[row.agent_no].append(QueueName(row.queue))
    able: defaultdict[str, dict[str, int]] = defaultdict(dict)
    levels = select(agent_skills).where(agent_skills.c.tenant == tenant).order_by(agent_skills.c.skill)
    for row in await connection.execute(levels):
        able[row.agent_no][row.skill] = row.level
    query = select(agents).where(agents.c.tenant == tenant).order_by(agents.c.agent_no)
    rows = await connection.execute(query if only is None else query.where(agents.c.agent_no == only))
    return tuple(
        AgentProfile(
            agent_no=AgentNo(row.agent_no),
            name=row.name,
            devices=tuple(DeviceName(one) for one in row.devices),
            queues=tuple(member_of[row.agent_no]),
            skills=able[row.agent_no],
        )
        for row in rows
    )


async def _with_sight(
    connection: AsyncConnection, tenant: TenantId, profiles: tuple[AgentProfile, ...]
) -> tuple[AgentProfile, ...]:
    """The agents with what their roles let them see."""
    blind = await read_blind(connection, tenant)
    return tuple(replace(one, sees_numbers=False) if one.agent_no in blind else one for one in profiles)


async def _vips(connection: AsyncConnection, tenant: TenantId, now: Instant) -> Mapping[str, int]:
    """Those of whole numbers, the first among them; a board is no place for a list of a million."""
    entry = list_entries.c
    rows = await connection.execute(
        select(entry.number, entry.priority)
        .where(
            entry.tenant == tenant,
            entry.kind == "vip",
            entry.match == "exact",
            or_(entry.expires_at.is_(None), entry.expires_at > now),
        )
        .order_by(entry.priority.desc(), entry.added_at)
        .limit(_MOST_VIPS)
    )
    return {international(row.number): row.priority for row in rows}


async def _records(connection: AsyncConnection, tenant: TenantId) -> tuple[AgentRecord, ...]:
    state = agent_states.c
    rows = await connection.execute(select(agent_states).where(state.tenant == tenant).order_by(state.agent_no))
    return tuple(AgentRecord(**{key: value for key, value in row._mapping.items() if key != "tenant"}) for row in rows)


async def _figures(connection: AsyncConnection, directory: Directory, now: Instant) -> tuple[Figures, ...]:
    """Those of each queue's running window; earlier windows are history."""
    zone = ZoneInfo(directory.timezone)
    starts = {queue.name: window_bounds(queue.window, now, zone)[0] for queue in directory.queues}
    if not starts:
        return ()
    rows = await connection.execute(
        select(figures).where(figures.c.tenant == directory.tenant, figures.c.window_start >= min(starts.values()))
    )
    found = (Figures(**{key: value for key, value in row._mapping.items() if key != "tenant"}) for row in rows)
    return tuple(one for one in found if one.window_start == starts.get(one.queue))
