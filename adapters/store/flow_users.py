"""What leads callers to a flow: other flows, numbers, schedules, lists, queues. As long as something does, it stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.entry_tables import numbers, schedules
from adapters.store.flow_tables import flow_versions, flows
from adapters.store.tables import list_entries, queues
from cti.ids import TenantId
from cti.ivr.check import references
from cti.ivr.flow import from_dict
from cti.ivr.problems import BadFlow

HEARD: Final[ColumnElement[bool]] = (
    (flow_versions.c.tenant == flows.c.tenant)
    & (flow_versions.c.name == flows.c.name)
    & (flow_versions.c.version == flows.c.published)
)
"""The version that callers hear."""


async def flow_leading_to(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    """Another flow that callers hear and that goes on in this one."""
    query = select(flow_versions.c.document).join(flows, HEARD)
    others = (flows.c.tenant == tenant, flow_versions.c.tenant == tenant, flows.c.name != name)
    for document in (await connection.scalars(query.where(*others).order_by(flows.c.name))).all():
        try:
            flow = from_dict(document)
        except BadFlow:
            continue  # written by another version of this program: it leads nobody anywhere
        if name in references(flow, "flow"):
            return f"the flow {flow.name}"
    return None


async def number_leading_to(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    query = select(numbers.c.number).where(numbers.c.tenant == tenant, numbers.c.entry == f"flow:{name}")
    found = await connection.scalar(query.order_by(numbers.c.number).limit(1))
    return None if found is None else f"the number {found}"


async def schedule_leading_to(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    query = select(schedules.c.name, schedules.c.document).where(schedules.c.tenant == tenant)
    for row in await connection.execute(query.order_by(schedules.c.name)):
        if holds(row.document, f"flow:{name}"):
            return f"the schedule {row.name}"
    return None


async def list_leading_to(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    """An entry of a list; its number is nobody's to read in a refusal."""
    entry = list_entries.c
    query = select(entry.kind).where(entry.tenant == tenant, entry.target == f"flow:{name}")
    found = await connection.scalar(query.limit(1))
    return None if found is None else f"an entry of the {found} list"


async def queue_leading_to(connection: AsyncConnection, tenant: TenantId, name: str) -> str | None:
    queue = queues.c
    targets = (queue.max_wait_target, queue.max_length_target, queue.no_agents_target)
    leads = or_(*(target == f"flow:{name}" for target in targets), queue.survey == name)
    found = await connection.scalar(select(queue.name).where(queue.tenant == tenant, leads).order_by(queue.name))
    return None if found is None else f"the queue {found}"


POINTERS: Final = (flow_leading_to, number_leading_to, schedule_leading_to, list_leading_to, queue_leading_to)


def holds(document: Any, target: str) -> bool:
    """Whether this target stands anywhere in a document."""
    match document:
        case Mapping():
            return any(holds(one, target) for one in document.values())
        case list():
            return any(holds(one, target) for one in document)
    return bool(document == target)
