"""What leads callers to a flow or a queue: flows, numbers, schedules, lists, queues. While something does, it stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, false, or_, select, true
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


async def leading_to(connection: AsyncConnection, tenant: TenantId, kind: str, name: str) -> str | None:
    """Says in words what leads to this flow or queue ("the number 4000"), or None."""
    for look in (_flow, _number, _schedule, _list, _queue):
        if (found := await look(connection, tenant, kind, name)) is not None:
            return found
    return None


async def _flow(connection: AsyncConnection, tenant: TenantId, kind: str, name: str) -> str | None:
    """Another flow that callers hear and that goes on there."""
    query = select(flow_versions.c.document).join(flows, HEARD)
    these = (flows.c.tenant == tenant, flow_versions.c.tenant == tenant)
    for document in (await connection.scalars(query.where(*these).order_by(flows.c.name))).all():
        try:
            flow = from_dict(document)
        except BadFlow:
            continue  # written by another version of this program: it leads nobody anywhere
        if (kind, name) != ("flow", flow.name) and name in references(flow, kind):
            return f"the flow {flow.name}"
    return None


async def _number(connection: AsyncConnection, tenant: TenantId, kind: str, name: str) -> str | None:
    """Its entry, or the queue of its callers while the server is away."""
    rows = await connection.execute(select(numbers).where(numbers.c.tenant == tenant).order_by(numbers.c.number))
    for row in rows:
        if row.entry == f"{kind}:{name}" or (kind == "queue" and row.options.get("safe_queue") == name):
            return f"the number {row.number}"
    return None


async def _schedule(connection: AsyncConnection, tenant: TenantId, kind: str, name: str) -> str | None:
    query = select(schedules.c.name, schedules.c.document).where(schedules.c.tenant == tenant)
    for row in await connection.execute(query.order_by(schedules.c.name)):
        if holds(row.document, f"{kind}:{name}"):
            return f"the schedule {row.name}"
    return None


async def _list(connection: AsyncConnection, tenant: TenantId, kind: str, name: str) -> str | None:
    """An entry of a list; its number is nobody's to read in a refusal."""
    entry = list_entries.c
    query = select(entry.kind).where(entry.tenant == tenant, entry.target == f"{kind}:{name}")
    found = await connection.scalar(query.limit(1))
    return None if found is None else f"an entry of the {found} list"


async def _queue(connection: AsyncConnection, tenant: TenantId, kind: str, name: str) -> str | None:
    """Another queue whose callers go on there, or are asked there afterwards."""
    queue = queues.c
    targets = (queue.max_wait_target, queue.max_length_target, queue.no_agents_target)
    leads = or_(
        *(target == f"{kind}:{name}" for target in targets), queue.survey == name if kind == "flow" else false()
    )
    others = queue.name != name if kind == "queue" else true()
    found = await connection.scalar(
        select(queue.name).where(queue.tenant == tenant, leads, others).order_by(queue.name)
    )
    return None if found is None else f"the queue {found}"


def holds(document: Any, target: str) -> bool:
    """Whether this target stands anywhere in a document."""
    match document:
        case Mapping():
            return any(holds(one, target) for one in document.values())
        case list():
            return any(holds(one, target) for one in document)
    return bool(document == target)
