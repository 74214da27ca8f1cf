"""Reasons 原因码 and dispositions 小结 of tenants, as people edit them. A running server follows within a second."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta, rules
from adapters.store.code_tables import dispositions, reasons
from adapters.store.database import Database, upsert
from adapters.store.tables import queues, tenants
from cti.dispositions import Disposition, by_code, check_place, in_order
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import QueueName, TenantId
from cti.reasons import PRESETS, Reason, with_presets

MOST: Final = 500


class Codes:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def reasons(self, tenant: TenantId) -> tuple[Reason, ...]:
        """The presets and the tenant's own, in order."""
        async with self._database.reading() as connection:
            return await read_reasons(connection, tenant)

    async def put_reason(self, tenant: TenantId, reason: Reason, *, new: bool) -> Reason:
        """Add it, or change one that is there; returns it as it is now."""
        reason = rules.reason(reason)
        async with self._database.writing() as connection:
            await meta.bump(connection)
            there = [one.code for one in await read_reasons(connection, tenant)]
            await _fits(connection, tenant, "reason", reason.code, there, new=new)
            row = {"tenant": tenant, **asdict(reason)}
            await connection.execute(upsert(connection.dialect.name, reasons), row)
        return reason

    async def remove_reason(self, tenant: TenantId, code: str) -> None:
        if code in PRESETS:
            raise Conflict(f"every tenant has {code}; it can be made inactive")
        async with self._database.writing() as connection:
            await meta.bump(connection)
            await _remove(connection, reasons, tenant, code, "reason")

    async def dispositions(self, tenant: TenantId) -> tuple[Disposition, ...]:
        """In order."""
        async with self._database.reading() as connection:
            return await read_dispositions(connection, tenant)

    async def put_disposition(self, tenant: TenantId, disposition: Disposition, *, new: bool) -> Disposition:
        """Add it, or change one that is there; returns it as it is now."""
        disposition = rules.disposition(disposition)
        async with self._database.writing() as connection:
            await meta.bump(connection)
            there = by_code(await read_dispositions(connection, tenant))
            await _fits(connection, tenant, "disposition", disposition.code, there, new=new)
            check_place(disposition, there)
            await _queues_are_there(connection, tenant, disposition.queues)
            row = {"tenant": tenant, **asdict(disposition)}
            await connection.execute(upsert(connection.dialect.name, dispositions), row)
        return disposition

    async def remove_disposition(self, tenant: TenantId, code: str) -> None:
        """Only one without others below it. Calls of which it was said keep its code."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            if any(one.parent == code for one in await read_dispositions(connection, tenant)):
                raise Conflict(f"there are others below {code}")
            await _remove(connection, dispositions, tenant, code, "disposition")


async def read_reasons(connection: AsyncConnection, tenant: TenantId) -> tuple[Reason, ...]:
    rows = await connection.execute(select(reasons).where(reasons.c.tenant == tenant))
    return with_presets(Reason(**_settings(row)) for row in rows)


async def read_dispositions(connection: AsyncConnection, tenant: TenantId) -> tuple[Disposition, ...]:
    rows = await connection.execute(select(dispositions).where(dispositions.c.tenant == tenant))
    return in_order(Disposition(**{**_settings(row), "queues": tuple(row.queues)}) for row in rows)


def _settings(row: Any) -> dict[str, Any]:
    return {key: value for key, value in row._mapping.items() if key != "tenant"}


async def _fits(
    connection: AsyncConnection, tenant: TenantId, what: str, code: str, there: Collection[str], *, new: bool
) -> None:
    if await connection.scalar(select(tenants.c.tenant).where(tenants.c.tenant == tenant)) is None:
        raise NotFound(f"there is no tenant {tenant[:40]}")
    if new and code in there:
        raise Conflict(f"the {what} {code} exists")
    if not new and code not in there:
        raise NotFound(f"there is no {what} {code[:40]}")
    if len(there) >= MOST and new:
        raise BadRequest(f"a tenant has at most {MOST} of them")


async def _remove(connection: AsyncConnection, table: Table, tenant: TenantId, code: str, what: str) -> None:
    gone = await connection.execute(delete(table).where(table.c.tenant == tenant, table.c.code == code))
    if gone.rowcount == 0:
        raise NotFound(f"there is no {what} {code[:40]}")


async def _queues_are_there(connection: AsyncConnection, tenant: TenantId, names: Collection[QueueName]) -> None:
    known = set(await connection.scalars(select(queues.c.name).where(queues.c.tenant == tenant)))
    for name in names:
        if name not in known:
            raise NotFound(f"there is no queue {name[:40]}")
