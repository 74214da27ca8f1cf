"""Phones that are made here. Whose a phone is stands in the agent's list of devices, and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta
from adapters.store.database import Database
from adapters.store.sip_tables import devices
from adapters.store.tables import agents, tenants
from cti.errors import BadRequest, Conflict, DeviceTaken, NotFound
from cti.ids import AgentNo, DeviceName, TenantId
from cti.phones import WEB, Phone

State = Literal["new", "kept", "gone"]
_MOST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePhone:
    """A phone, and what Asterisk has yet to do about it: `new`, `kept`, `gone`."""

    tenant: TenantId
    phone: Phone
    state: State


class PhoneStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def everything(self) -> Sequence[MadePhone]:
        """Those of all tenants, and those that Asterisk has yet to forget: what it is to have."""
        async with self._database.reading() as connection:
            return [_made(row) for row in await connection.execute(select(devices).order_by(devices.c.name))]

    async def add(self, tenant: TenantId, phone: Phone, owner: AgentNo | None) -> None:
        """Raises `Conflict` or `DeviceTaken` for a name that somebody has."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            if await connection.scalar(select(tenants.c.tenant).where(tenants.c.tenant == tenant)) is None:
                raise NotFound(f"there is no tenant {tenant[:40]}")
            await insert_phone(connection, tenant, phone)
            if owner is not None:
                await _give(connection, tenant, phone.name, owner)

    async def give(self, tenant: TenantId, name: DeviceName, owner: AgentNo | None) -> None:
        """Make it this agent's, and nobody else's; None: nobody's."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            await _here(connection, tenant, name)
            await _take(connection, tenant, name, besides=owner)
            if owner is not None:
                await _give(connection, tenant, name, owner)

    async def renew(self, tenant: TenantId, name: DeviceName, digest: str) -> None:
        """Another secret: whoever is registered with the old one has to go."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            await _here(connection, tenant, name)
            await connection.execute(update(devices).where(*_this(tenant, name)).values(digest=digest, state="new"))

    async def remove(self, tenant: TenantId, name: DeviceName) -> None:
        async with self._database.writing() as connection:
            await meta.bump(connection)
            await _here(connection, tenant, name)
            await _take(connection, tenant, name)
            await connection.execute(update(devices).where(*_this(tenant, name)).values(state="gone", digest=""))

    async def settled(self, made: MadePhone) -> None:
        """Asterisk has done what there was to do about this one, unless it has changed since."""
        one = made.phone
        this = (*_this(made.tenant, one.name), devices.c.digest == one.digest, devices.c.state == made.state)
        async with self._database.writing() as connection:
            if made.state == "gone":
                await connection.execute(delete(devices).where(*this))
            else:
                await connection.execute(update(devices).where(*this).values(state="kept"))


async def insert_phone(connection: AsyncConnection, tenant: TenantId, phone: Phone) -> None:
    """Names are unique over all tenants, as Asterisk knows none. One that is to be forgotten may be had again."""
    of_all = select(devices.c.tenant, devices.c.state).where(devices.c.name == phone.name)
    there = (await connection.execute(of_all)).one_or_none()
    if there is not None and there.state != "gone":
        if there.tenant != tenant:
            raise DeviceTaken(f"the name {phone.name} is taken")
        raise Conflict(f"there is a device {phone.name}")
    if there is not None:
        await connection.execute(delete(devices).where(*_this(TenantId(there.tenant), phone.name)))
    row = {"tenant": tenant, "name": phone.name, "kind": phone.kind, "digest": phone.digest, "state": "new"}
    await connection.execute(insert(devices), {**row, "made_at": time.time_ns() // 1_000_000})


async def refuse_foreign(connection: AsyncConnection, tenant: TenantId, names: Sequence[DeviceName]) -> None:
    """Raises `DeviceTaken` for a phone of another tenant."""
    made = devices.c
    foreign = select(made.name).where(made.name.in_(names), made.tenant != tenant, made.state != "gone").limit(1)
    if names and (taken := await connection.scalar(foreign)) is not None:
        raise DeviceTaken(f"the name {taken} is taken")


def _this(tenant: TenantId, name: DeviceName) -> tuple[Any, Any]:
    return devices.c.tenant == tenant, devices.c.name == name


async def _here(connection: AsyncConnection, tenant: TenantId, name: DeviceName) -> None:
    query = select(devices.c.name).where(*_this(tenant, name), devices.c.state != "gone")
    if await connection.scalar(query) is None:
        raise NotFound(f"no device {name[:40]} was made here")


async def _take(
    connection: AsyncConnection, tenant: TenantId, name: DeviceName, besides: AgentNo | None = None
) -> None:
    """Nobody has it any more, but for one."""
    for row in (await connection.execute(select(agents).where(agents.c.tenant == tenant))).all():
        if name in row.devices and row.agent_no != besides:
            await _set(connection, tenant, AgentNo(row.agent_no), [one for one in row.devices if one != name])


async def _give(connection: AsyncConnection, tenant: TenantId, name: DeviceName, owner: AgentNo) -> None:
    """Into the agent's list, where it is not yet: desk phones before browsers."""
    query = select(agents).where(agents.c.tenant == tenant)
    lists = {row.agent_no: list(row.devices) for row in await connection.execute(query)}
    if owner not in lists:
        raise BadRequest(f"there is no agent {owner[:40]}")
    other = next((no for no, theirs in lists.items() if name in theirs), owner)
    if other != owner:
        raise DeviceTaken(f"{name} is a device of agent {other}")
    mine = lists[owner]
    if name in mine:
        return
    if len(mine) >= _MOST:
        raise BadRequest(f"an agent has up to {_MOST} devices")
    is_web = name.endswith(WEB)
    first_web = next((n for n, one in enumerate(mine) if one.endswith(WEB)), len(mine))
    mine.insert(len(mine) if is_web else first_web, name)
    await _set(connection, tenant, owner, mine)


async def _set(connection: AsyncConnection, tenant: TenantId, agent: AgentNo, names: Sequence[str]) -> None:
    this = (agents.c.tenant == tenant, agents.c.agent_no == agent)
    await connection.execute(update(agents).where(*this).values(devices=list(names)))


def _made(row: Any) -> MadePhone:
    phone = Phone(name=DeviceName(row.name), kind=row.kind, digest=row.digest)
    return MadePhone(tenant=TenantId(row.tenant), phone=phone, state=row.state)
