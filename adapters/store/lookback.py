"""What a board wants to know of the calls of before: how the running windows have gone, who spoke with whom last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import calls, segments
from cti.ids import AgentNo, Instant, QueueName, TenantId
from cti.queues import window_bounds
from cti.records import QueueSettings, Result, SegmentKind, Tally

TALKS_MOST: Final = 20_000
_DAY_MS: Final = 24 * 3600 * 1000
_LONGEST_CALL_MS: Final = 4 * 3600 * 1000
"""A call that began before midnight may be talked in after it."""


class Centre(Protocol):
    """Whose calls they are, and the queues that ask."""

    @property
    def tenant(self) -> TenantId: ...

    @property
    def timezone(self) -> str: ...

    @property
    def queues(self) -> tuple[QueueSettings, ...]: ...


async def read_tallies(connection: AsyncConnection, centre: Centre, now: Instant) -> tuple[Tally, ...]:
    """The callers of each queue since its window began."""
    zone = ZoneInfo(centre.timezone)
    alike: defaultdict[tuple[Instant, int], list[QueueName]] = defaultdict(list)
    for queue in centre.queues:
        alike[window_bounds(queue.window, now, zone)[0], queue.service_level_seconds].append(queue.name)
    found: list[Tally] = []
    for (since, within), names in alike.items():
        found += await _tallies(connection, centre.tenant, names, since, within * 1000)
    return tuple(found)


async def _tallies(
    connection: AsyncConnection, tenant: TenantId, names: list[QueueName], since: Instant, within: int
) -> list[Tally]:
    call = calls.c
    answered = case((call.answered_at.is_not(None), 1), else_=0)
    in_time = case((call.answered_at - call.queued_at <= within, 1), else_=0)
    abandoned = case((call.result == Result.ABANDONED.value, 1), else_=0)
    query = (
        select(call.queue, func.sum(answered), func.sum(in_time), func.sum(abandoned))
        .where(call.tenant == tenant, call.queue.in_(names), call.started_at >= since)
        .group_by(call.queue)
        .order_by(call.queue)
    )
    rows = await connection.execute(query)
    return [
        Tally(queue=QueueName(queue), answered=int(some), in_time=int(quick), abandoned=int(gone))
        for queue, some, quick, gone in rows
    ]


async def read_calls_today(connection: AsyncConnection, centre: Centre, now: Instant) -> Mapping[AgentNo, int]:
    """In how many calls each agent has talked with the customer since local midnight."""
    midnight = window_bounds("day", now, ZoneInfo(centre.timezone))[0]
    call, part = calls.c, segments.c
    query = (
        select(part.agent_no, func.count(func.distinct(part.call)))
        .join(calls, (call.tenant == part.tenant) & (call.id == part.call))
        .where(
            call.tenant == centre.tenant,
            call.started_at >= midnight - _LONGEST_CALL_MS,
            part.tenant == centre.tenant,
            part.kind == SegmentKind.TALKING.value,
            part.agent_no.is_not(None),
            part.started_at >= midnight,
        )
        .group_by(part.agent_no)
    )
    return {AgentNo(agent): int(some) for agent, some in await connection.execute(query)}


async def read_talks(
    connection: AsyncConnection, centre: Centre, now: Instant
) -> Mapping[str, tuple[AgentNo, Instant]]:
    """Who spoke with a number last, oldest first, as far back as a queue asks for it."""
    days = max((queue.sticky_days for queue in centre.queues if queue.strategy == "sticky"), default=0)
    if not days:
        return {}
    call = calls.c
    query = (
        select(call.number, call.agent_no, call.answered_at)
        .where(
            call.tenant == centre.tenant,
            call.started_at >= now - days * _DAY_MS,
            call.answered_at.is_not(None),
            call.agent_no.is_not(None),
            call.number != "",
        )
        .order_by(call.started_at.desc(), call.id.desc())
        .limit(TALKS_MOST)
    )
    rows = (await connection.execute(query)).all()
    talks: dict[str, tuple[AgentNo, Instant]] = {}
    for number, agent, at in reversed(rows):
        talks.pop(number, None)
        talks[number] = (AgentNo(agent), Instant(at))
    return talks
