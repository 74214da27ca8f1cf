"""Trunks that are made here. Names and addresses are unique over all tenants, as Asterisk knows none."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta, rules
from adapters.store.database import Database
from adapters.store.sip_tables import trunks
from adapters.store.tables import tenants
from cti.errors import Conflict, NotFound
from cti.ids import TenantId
from cti.trunks import Line, Trunk, checked, shared


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeTrunk:
    """A trunk; `gone`: Asterisk has yet to forget it."""

    tenant: TenantId
    trunk: Trunk
    state: Literal["kept", "gone"]


class TrunkStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def everything(self) -> Sequence[MadeTrunk]:
        """Those of all tenants, and those that Asterisk has yet to forget."""
        async with self._database.reading() as connection:
            return await _everything(connection)

    async def list(self, tenant: TenantId) -> Sequence[Trunk]:
        """By name."""
        async with self._database.reading() as connection:
            return await _of(connection, tenant)

    async def get(self, tenant: TenantId, name: str) -> Trunk:
        async with self._database.reading() as connection:
            return await _one(connection, tenant, name)

    async def add(self, tenant: TenantId, trunk: Trunk) -> Trunk:
        trunk = _fit(trunk)
        async with self._database.writing() as connection:
            await meta.bump(connection)
            if await connection.scalar(select(tenants.c.tenant).where(tenants.c.tenant == tenant)) is None:
                raise NotFound(f"there is no tenant {tenant[:40]}")
            there = await _everything(connection)
            if any(one.trunk.name == trunk.name and one.state != "gone" for one in there):
                raise Conflict(f"the name {trunk.name} is taken")
            _refuse_shared(trunk, there)
            for one in there:
                if one.trunk.name == trunk.name:
                    await connection.execute(delete(trunks).where(*_this(one.tenant, trunk.name)))
            await _only_default(connection, tenant, trunk)
            row = {"tenant": tenant, **_row(trunk), "state": "kept", "made_at": time.time_ns() // 1_000_000}
            await connection.execute(insert(trunks), row)
        return trunk

    async def change(self, tenant: TenantId, name: str, given: Mapping[str, Any]) -> Trunk:
        """Change what is given; returns the trunk as it is now."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            trunk = _fit(replace(await _one(connection, tenant, name), **given))
            _refuse_shared(trunk, [one for one in await _everything(connection) if one.trunk.name != name])
            await _only_default(connection, tenant, trunk)
            await connection.execute(update(trunks).where(*_this(tenant, name)).values(_row(trunk)))
        return trunk

    async def remove(self, tenant: TenantId, name: str) -> None:
        async with self._database.writing() as connection:
            await meta.bump(connection)
            await _one(connection, tenant, name)
            gone = {"state": "gone", "digest": "", "match": []}
            await connection.execute(update(trunks).where(*_this(tenant, name)).values(gone))

    async def forget(self, made: MadeTrunk) -> None:
        """Asterisk has forgotten it, and so do we, unless there is one of that name again."""
        this = (*_this(made.tenant, made.trunk.name), trunks.c.state == "gone")
        async with self._database.writing() as connection:
            await connection.execute(delete(trunks).where(*this))


async def read_lines(connection: AsyncConnection, tenant: TenantId) -> tuple[Line, ...]:
    """The trunks that calls of this tenant may leave by."""
    return tuple(one.line for one in await _of(connection, tenant) if one.enabled)


def _fit(trunk: Trunk) -> Trunk:
    return replace(checked(trunk), title=rules.words(trunk.title or trunk.name, "the title"))


def _refuse_shared(trunk: Trunk, others: Sequence[MadeTrunk]) -> None:
    taken = [address for one in others if one.state != "gone" for address in one.trunk.match]
    if (address := shared(trunk.match, taken)) is not None:
        raise Conflict(f"calls from {address} come by another trunk already")


async def _only_default(connection: AsyncConnection, tenant: TenantId, trunk: Trunk) -> None:
    if trunk.is_default:
        await connection.execute(update(trunks).where(trunks.c.tenant == tenant).values(is_default=False))


def _this(tenant: TenantId, name: str) -> tuple[Any, Any]:
    return trunks.c.tenant == tenant, trunks.c.name == name


async def _everything(connection: AsyncConnection) -> Sequence[MadeTrunk]:
    rows = await connection.execute(select(trunks).order_by(trunks.c.name))
    return [MadeTrunk(tenant=TenantId(row.tenant), trunk=_trunk(row), state=row.state) for row in rows]


async def _of(connection: AsyncConnection, tenant: TenantId) -> Sequence[Trunk]:
    query = select(trunks).where(trunks.c.tenant == tenant, trunks.c.state != "gone").order_by(trunks.c.name)
    return [_trunk(row) for row in await connection.execute(query)]


async def _one(connection: AsyncConnection, tenant: TenantId, name: str) -> Trunk:
    query = select(trunks).where(*_this(tenant, name), trunks.c.state != "gone")
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"there is no trunk {name[:40]}")
    return _trunk(row)


def _row(trunk: Trunk) -> dict[str, Any]:
    return {**asdict(trunk), "match": list(trunk.match), "caller_ids": list(trunk.caller_ids)}


def _trunk(row: Any) -> Trunk:
    kept = {key: value for key, value in row._mapping.items() if key not in ("tenant", "state", "made_at")}
    return Trunk(**{**kept, "match": tuple(row.match), "caller_ids": tuple(row.caller_ids)})
