"""Roles a tenant has made from the built-in ones, and its teams. Edits raise the directory's version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta, rules
from adapters.store.database import Database
from adapters.store.role_tables import roles, teams
from adapters.store.tables import tenants, users
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import AgentNo, TenantId
from cti.permissions import NUMBERS_SEE, ROLES, Role, permissions_of
from cti.teams import Team, check_place


class Roles:
    def __init__(self, database: Database) -> None:
        self._database = database

    # --- roles ---

    async def roles(self, tenant: TenantId) -> Mapping[str, Role]:
        """All roles of a tenant by name, the built-in ones first."""
        async with self._database.reading() as connection:
            return await read_roles(connection, tenant)

    async def create_role(self, tenant: TenantId, role: Role) -> Role:
        role = _checked(role)
        async with self._database.writing() as connection:
            await _known(connection, tenant)
            if role.name in await read_roles(connection, tenant):
                raise Conflict(f"the role {role.name} exists")
            await connection.execute(insert(roles), {"tenant": tenant, **_row(role)})
            await meta.bump(connection)
        return role

    async def update_role(self, tenant: TenantId, role: Role) -> Role:
        """Takes hold of whoever has it at once; they stay signed in."""
        role = _checked(role)
        async with self._database.writing() as connection:
            await _own(connection, tenant, role.name)
            this = (roles.c.tenant == tenant, roles.c.name == role.name)
            await connection.execute(update(roles).where(*this).values(_row(role)))
            await meta.bump(connection)
        return role

    async def delete_role(self, tenant: TenantId, name: str) -> None:
        async with self._database.writing() as connection:
            await _own(connection, tenant, name)
            having = select(users.c.username).where(users.c.tenant == tenant, users.c.role == name).limit(1)
            if (who := await connection.scalar(having)) is not None:
                raise Conflict(f"{who} has the role {name}")
            await connection.execute(delete(roles).where(roles.c.tenant == tenant, roles.c.name == name))
            await meta.bump(connection)

    # --- teams ---

    async def teams(self, tenant: TenantId) -> Mapping[str, Team]:
        async with self._database.reading() as connection:
            return await read_teams(connection, tenant)

    async def create_team(self, tenant: TenantId, team: Team) -> Team:
        team = replace(team, name=rules.team(team.name), title=rules.words(team.title or team.name, "the title"))
        async with self._database.writing() as connection:
            await _known(connection, tenant)
            there = await read_teams(connection, tenant)
            if team.name in there:
                raise Conflict(f"the team {team.name} exists")
            check_place(team, there)
            row = {"tenant": tenant, "name": team.name, "title": team.title, "parent": team.parent}
            await connection.execute(insert(teams), row)
            await meta.bump(connection)
        return team

    async def update_team(self, tenant: TenantId, team: Team) -> Team:
        team = replace(team, title=rules.words(team.title or team.name, "the title"))
        async with self._database.writing() as connection:
            there = await read_teams(connection, tenant)
            if team.name not in there:
                raise NotFound(f"there is no team {team.name[:40]}")
            check_place(team, there)
            this = (teams.c.tenant == tenant, teams.c.name == team.name)
            await connection.execute(update(teams).where(*this).values(title=team.title, parent=team.parent))
            await meta.bump(connection)
        return team

    async def delete_team(self, tenant: TenantId, name: str) -> None:
        """Only one without members and without teams below it: nobody rises to the root by accident."""
        async with self._database.writing() as connection:
            there = await read_teams(connection, tenant)
            if name not in there:
                raise NotFound(f"there is no team {name[:40]}")
            if any(one.parent == name for one in there.values()):
                raise Conflict("there are teams below it")
            inside = select(users.c.username).where(users.c.tenant == tenant, users.c.team == name).limit(1)
            if (who := await connection.scalar(inside)) is not None:
                raise Conflict(f"{who} is in the team {name}")
            await connection.execute(delete(teams).where(teams.c.tenant == tenant, teams.c.name == name))
            await meta.bump(connection)


async def read_roles(connection: AsyncConnection, tenant: TenantId) -> Mapping[str, Role]:
    rows = await connection.execute(select(roles).where(roles.c.tenant == tenant).order_by(roles.c.name))
    return {**ROLES, **{row.name: _role(row) for row in rows}}


async def read_teams(connection: AsyncConnection, tenant: TenantId) -> Mapping[str, Team]:
    rows = await connection.execute(select(teams).where(teams.c.tenant == tenant).order_by(teams.c.name))
    return {row.name: Team(name=row.name, title=row.title, parent=row.parent) for row in rows}


async def read_blind(connection: AsyncConnection, tenant: TenantId) -> frozenset[AgentNo]:
    """The agents whose role may not see customers' numbers."""
    known = await read_roles(connection, tenant)
    query = select(users.c.agent_no, users.c.role).where(users.c.tenant == tenant, users.c.agent_no.is_not(None))
    return frozenset(
        AgentNo(row.agent_no)
        for row in await connection.execute(query)
        if row.role not in known or NUMBERS_SEE not in known[row.role].permissions
    )


async def role_of(connection: AsyncConnection, tenant: TenantId, name: str) -> Role:
    """The role of that name; raises `BadRequest`."""
    known = await read_roles(connection, tenant)
    if name not in known:
        raise BadRequest(f"there is no role {name[:40]!r}")
    return known[name]


async def _known(connection: AsyncConnection, tenant: TenantId) -> None:
    if await connection.scalar(select(tenants.c.tenant).where(tenants.c.tenant == tenant)) is None:
        raise NotFound(f"there is no tenant {tenant[:40]}")


async def _own(connection: AsyncConnection, tenant: TenantId, name: str) -> None:
    """Raises unless this is a role the tenant has made."""
    if name in ROLES:
        raise Conflict(f"{name} is built in; copy it and change the copy")
    if await connection.scalar(select(roles.c.name).where(roles.c.tenant == tenant, roles.c.name == name)) is None:
        raise NotFound(f"there is no role {name[:40]}")


def _checked(role: Role) -> Role:
    title = rules.words(role.title or role.name, "the title")
    title_en = rules.words(role.title_en or role.title or role.name, "the English title")
    return replace(role, name=rules.role(role.name), title=title, title_en=title_en)


def _row(role: Role) -> dict[str, Any]:
    words = {permission: scope.word for permission, scope in role.permissions.items()}
    return {"name": role.name, "title": role.title, "title_en": role.title_en, "permissions": words}


def _role(row: Any) -> Role:
    permissions = permissions_of(row.permissions)
    return Role(name=row.name, title=row.title, title_en=row.title_en, permissions=permissions)
