"""What plays a prompt: flows, queues, incidents, the notice of recording, and targets of numbers, hours and lists.

As long as one of them does, the prompt stays: callers would hear nothing where they are to be told something.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.entry_tables import numbers, schedules
from adapters.store.flow_tables import flow_versions, flows
from adapters.store.journey_tables import incidents
from adapters.store.leading import HEARD, holds
from adapters.store.recording_tables import recording_rules
from adapters.store.tables import list_entries, queues
from cti.ids import TenantId
from cti.ivr.check import references
from cti.ivr.flow import from_dict

User: TypeAlias = Callable[[AsyncConnection, TenantId, str], Awaitable[str | None]]
"""Says in words who plays this prompt ("the flow main"), or None."""


async def playing_flow(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    """A flow that callers hear and that plays this prompt."""
    query = select(flow_versions.c.document).join(flows, HEARD).where(flows.c.tenant == tenant).order_by(flows.c.name)
    for document in (await connection.scalars(query)).all():
        flow = from_dict(document)
        if name in references(flow, "prompt"):
            return f"the flow {flow.name}"
    return None


async def comforting_queue(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    """A queue that plays this prompt to those who wait, or to its agents."""
    queue = queues.c
    query = select(queue.name, queue.comfort_prompts, queue.whisper).where(queue.tenant == tenant).order_by(queue.name)
    for row in await connection.execute(query):
        if name in row.comfort_prompts or name == row.whisper:
            return f"the queue {row.name}"
    return None


async def known_incident(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    """An incident that is told to callers now."""
    incident = incidents.c
    query = select(incident.title).where(incident.tenant == tenant, incident.prompt == name, incident.active)
    found = await connection.scalar(query.limit(1))
    return None if found is None else f"the incident {found}"


async def notice_of_recording(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    rules = await connection.scalar(select(recording_rules.c.rules).where(recording_rules.c.tenant == tenant))
    return "the notice of recording" if rules and rules.get("announcement") == name else None


async def leading_number(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    query = select(numbers.c.number).where(numbers.c.tenant == tenant, numbers.c.entry == f"message:{name}")
    found = await connection.scalar(query.order_by(numbers.c.number).limit(1))
    return None if found is None else f"the number {found}"


async def leading_schedule(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    query = select(schedules.c.name, schedules.c.document).where(schedules.c.tenant == tenant)
    for row in await connection.execute(query.order_by(schedules.c.name)):
        if holds(row.document, f"message:{name}"):
            return f"the schedule {row.name}"
    return None


async def leading_entry(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    """An entry of a list; its number is nobody's to read in a refusal."""
    entry = list_entries.c
    query = select(entry.kind).where(entry.tenant == tenant, entry.target == f"message:{name}")
    found = await connection.scalar(query.limit(1))
    return None if found is None else f"an entry of the {found} list"


USERS: Final[tuple[User, ...]] = (
    playing_flow,
    comforting_queue,
    known_incident,
    notice_of_recording,
    leading_number,
    leading_schedule,
    leading_entry,
)
