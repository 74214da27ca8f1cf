"""What is named has to be there: queues, agents and schedules that a number, a schedule or an entry of a list leads to.

Flows are named and not looked for: they have a store of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.entry_tables import schedules
from adapters.store.tables import agents, queues
from cti.errors import BadRequest
from cti.ids import TenantId
from cti.targets import Target

_PLACES: Final = {"queue": queues.c.name, "agent": agents.c.agent_no, "schedule": schedules.c.name}


async def refuse_dangling(connection: AsyncConnection, tenant: TenantId, targets: Iterable[Target]) -> None:
    """Raises `BadRequest` for the first target that leads nowhere."""
    for one in dict.fromkeys(targets):
        if one.kind in _PLACES:
            await refuse_unknown(connection, _PLACES[one.kind], tenant, one.name, one.kind)


async def refuse_unknown(
    connection: AsyncConnection, column: Column[str], tenant: TenantId, name: str, what: str
) -> None:
    these = (column.table.c.tenant == tenant, column == name)
    if await connection.scalar(select(column).where(*these)) is None:
        raise BadRequest(f"there is no {what} {name[:40]}")
