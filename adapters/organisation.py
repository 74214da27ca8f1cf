"""Roles, teams and the record, as the web wants them: thin covers over the store, in force when an edit returns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict

from adapters.audit import AuditLog
from adapters.store.audit import AuditStore, Proof
from adapters.store.audit import Sought as Wanted
from adapters.store.roles import Roles
from adapters.web.ports import Page, Sought
from cti.audit import Entry
from cti.ids import TenantId
from cti.permissions import Role
from cti.teams import Team


class Organisation:
    """`changed` makes an edit known to whoever is signed in."""

    def __init__(self, roles: Roles, changed: Callable[[], Awaitable[None]]) -> None:
        self._roles = roles
        self._changed = changed

    async def roles(self, tenant: TenantId) -> Mapping[str, Role]:
        return await self._roles.roles(tenant)

    async def add_role(self, tenant: TenantId, role: Role) -> Role:
        return await self._roles.create_role(tenant, role)

    async def change_role(self, tenant: TenantId, role: Role) -> Role:
        changed = await self._roles.update_role(tenant, role)
        await self._changed()
        return changed

    async def remove_role(self, tenant: TenantId, name: str) -> None:
        await self._roles.delete_role(tenant, name)
        await self._changed()

    async def teams(self, tenant: TenantId) -> Mapping[str, Team]:
        return await self._roles.teams(tenant)

    async def add_team(self, tenant: TenantId, team: Team) -> Team:
        return await self._roles.create_team(tenant, team)

    async def change_team(self, tenant: TenantId, team: Team) -> Team:
        changed = await self._roles.update_team(tenant, team)
        await self._changed()
        return changed

    async def remove_team(self, tenant: TenantId, name: str) -> None:
        await self._roles.delete_team(tenant, name)
        await self._changed()


class Ledger:
    """The record, to be read."""

    def __init__(self, store: AuditStore, log: AuditLog) -> None:
        self._store = store
        self._log = log

    async def entries(self, tenant: TenantId, sought: Sought, limit: int, cursor: str | None) -> Page[Entry]:
        return await self._store.entries(tenant, Wanted(**asdict(sought)), limit=limit, cursor=cursor)

    async def verify(self, tenant: TenantId) -> Proof:
        return await self._store.verify(tenant)

    async def kept(self, deadline: float) -> bool:
        return await self._log.kept(deadline)
